import assert from 'node:assert/strict'
import { test } from 'node:test'
import { totalOf } from '../../../test/support/window-totals.ts'
import { counterName } from '../../budgets/index.ts'
import type { CustomerVersion } from '../../customers/index.ts'
import { NO_VERSION } from '../../kernel/ids.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import { type BatchUsage, type UsageAfter, usageOfBatch } from './batch-usage.ts'
import { createStateCache } from './customer-state.ts'

const SUBJECT = { customerKey: 'acme', featureKey: 'calls', resourceKey: NO_RESOURCE }
const KEY = { customerKey: 'acme', assignmentKey: 'budget', revision: 1, window: { start: 0 } }
const NAME = counterName(KEY, KEY.window)

function newMemory() {
  const memory = { customers: createStateCache(100_000), batches: { hits: 0, misses: 0 } }
  /** A batch that finds one usage version and leaves another. */
  const batch = (found: string | null, left: string) => {
    const version: CustomerVersion = {
      version: 'structure',
      usageVersion: left,
      replacedUsageVersion: found,
      sequence: 2,
      now: 100,
      closedUntil: Number.NEGATIVE_INFINITY,
    }
    const environment = {
      environmentVersion: NO_VERSION,
      catalogVersion: NO_VERSION,
      environmentSequence: 0,
      unknownDimensions: 'ignore',
    } as const
    const shared = { environment, archived: new Set<string>(), at: 0 }
    return usageOfBatch(memory, new Map([['acme', version]]), shared)
  }
  return { ...memory, batch }
}

const after = (part: Partial<UsageAfter>): UsageAfter => ({
  cache: () => {},
  reserving: new Set(),
  ...part,
})

const whole = (usage: bigint): UsageAfter =>
  after({
    cache: ({ cachedOf }) => {
      const { limits, budgets } = cachedOf('acme')
      limits.put(SUBJECT, { from: 50, totals: [totalOf(usage)] })
      budgets.put(NAME, { usage, held: 0n, setAt: null, crossed: undefined })
    },
  })

/** The cached totals. Notes a miss, as a participant does. */
function totalsIn(batch: BatchUsage, from: number) {
  const known = batch.cachedOf('acme').limits.find(SUBJECT, from)
  if (known === undefined) batch.noteMiss('acme')
  return known?.totals
}
const counterIn = (batch: BatchUsage) => batch.cachedOf('acme').budgets.get(NAME)

test('a batch finds the usage that the batch before it has left', () => {
  const { batch, batches } = newMemory()
  const first = batch(null, 'one')
  assert.equal(totalsIn(first, 50), undefined)
  assert.equal(counterIn(first), undefined)
  first.update(whole(3n))
  const second = batch('one', 'two')
  assert.deepEqual(totalsIn(second, 50), [totalOf(3n)])
  assert.equal(counterIn(second)?.usage, 3n)
  second.update(whole(5n))
  assert.deepEqual(totalsIn(batch('two', 'three'), 60), [totalOf(5n)])
  assert.deepEqual(batches, { hits: 1, misses: 1 })
})

test('totals are not those of earlier instants than they were read for', () => {
  const { batch } = newMemory()
  batch(null, 'one').update(whole(3n))
  assert.equal(totalsIn(batch('one', 'two'), 49), undefined)
})

test('nothing is found if somebody else has counted since', () => {
  const { batch } = newMemory()
  batch(null, 'one').update(whole(3n))
  const next = batch('of another server', 'two')
  assert.equal(totalsIn(next, 50), undefined)
  assert.equal(counterIn(next), undefined)
})

test('a batch that fails leaves everything as it was', () => {
  const { batch } = newMemory()
  batch(null, 'one').update(whole(3n))
  counterIn(batch('one', 'lost'))
  assert.equal(counterIn(batch('one', 'two'))?.usage, 3n)
})

test('a customer whose usage was changed in another way is read again', () => {
  const { batch } = newMemory()
  batch(null, 'one').update(whole(3n))
  const second = batch('one', 'two')
  second.drop('acme')
  assert.equal(counterIn(second), undefined)
  second.update(after({}))
  assert.equal(counterIn(batch('two', 'three')), undefined)
})

test('while a check reads parts of a state, the next state begins empty', () => {
  const { batch, customers } = newMemory()
  batch(null, 'one').update(whole(3n))
  const versions = {
    structureVersion: 'structure',
    environmentVersion: NO_VERSION,
    usageVersion: 'one',
  }
  const state = customers.at('acme', versions)
  state.usage.reads += 1
  batch('one', 'two').update(after({}))
  assert.equal(state.usage.cached.budgets.get(NAME)?.usage, 3n)
  assert.equal(counterIn(batch('two', 'three')), undefined)
})

test('changed reservations are read again', () => {
  const { batch, customers } = newMemory()
  const versions = { structureVersion: 'structure', environmentVersion: NO_VERSION }
  const state = customers.at('acme', { ...versions, usageVersion: 'one' })
  state.usage.openHolds = { holds: [], isComplete: true }
  customers.put('acme', state)
  batch('one', 'two').update(after({}))
  const cached = customers.at('acme', { ...versions, usageVersion: 'two' })
  assert.notEqual(cached.usage.openHolds, null)
  batch('two', 'three').update(after({ reserving: new Set(['acme']) }))
  const changed = customers.at('acme', { ...versions, usageVersion: 'three' })
  assert.equal(changed.usage.openHolds, null)
})
