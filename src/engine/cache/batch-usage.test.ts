import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counterName } from '../../budgets/index.ts'
import type { CustomerVersion } from '../../customers/index.ts'
import { NO_VERSION } from '../../kernel/ids.ts'
import { LIFETIME } from '../../kernel/period.ts'
import { NO_RESOURCE, type WindowTotal } from '../../metering/index.ts'
import { type CounterAfter, type UsageAfter, usageOfBatch } from './batch-usage.ts'
import { createStateCache } from './customer-state.ts'

const SUBJECT = { customerKey: 'acme', featureKey: 'calls', resourceKey: NO_RESOURCE }
const KEY = { customerKey: 'acme', assignmentKey: 'budget', revision: 1, window: { start: 0 } }
const NAME = counterName(KEY, KEY.window)

const total = (sum: bigint, window = LIFETIME): WindowTotal => ({
  window,
  tally: { count: 1n, sum, min: null, max: null, distinct: 0n },
  held: 0n,
  lastAt: 0,
  setAt: null,
})

function newMemory() {
  const memory = { customers: createStateCache(100_000), batches: { hits: 0, misses: 0 } }
  /** A batch that finds one usage version and leaves another. */
  const batch = (found: string | null, left: string) => {
    const version: CustomerVersion = {
      version: 'structure',
      usageVersion: left,
      replacedUsageVersion: found,
      now: 100,
      closedUntil: Number.NEGATIVE_INFINITY,
    }
    const environment = {
      environmentVersion: NO_VERSION,
      catalogVersion: NO_VERSION,
      unknownDimensions: 'ignore',
    } as const
    const shared = { environment, archived: new Set<string>(), at: 0 }
    return usageOfBatch(memory, new Map([['acme', version]]), shared)
  }
  return { ...memory, batch }
}

const after = (part: Partial<UsageAfter>): UsageAfter => ({
  totals: [],
  counters: new Map(),
  reserving: new Set(),
  ...part,
})

const whole = (usage: bigint): UsageAfter =>
  after({
    totals: [{ ...SUBJECT, from: 50, totals: [total(usage)] }],
    counters: new Map<string, CounterAfter>([
      [
        NAME,
        {
          kind: 'whole',
          customerKey: 'acme',
          counter: { usage, held: 0n, setAt: null, crossed: undefined },
        },
      ],
    ]),
  })

const adding = (usage: bigint): UsageAfter =>
  after({
    counters: new Map<string, CounterAfter>([
      [NAME, { kind: 'added', customerKey: 'acme', added: { usage, held: 1n, setAt: 7 } }],
    ]),
  })

test('a batch finds the usage that the batch before it has left', () => {
  const { batch, batches } = newMemory()
  const first = batch(null, 'one')
  assert.equal(first.totalsOf(SUBJECT, 50), undefined)
  assert.equal(first.counterOf(KEY), undefined)
  first.update(whole(3n))
  const second = batch('one', 'two')
  assert.deepEqual(second.totalsOf(SUBJECT, 50), [total(3n)])
  assert.equal(second.counterOf(KEY)?.usage, 3n)
  second.update(whole(5n))
  assert.deepEqual(batch('two', 'three').totalsOf(SUBJECT, 60), [total(5n)])
  assert.deepEqual(batches, { hits: 1, misses: 1 })
})

test('totals are not those of earlier instants than they were read for', () => {
  const { batch } = newMemory()
  batch(null, 'one').update(whole(3n))
  assert.equal(batch('one', 'two').totalsOf(SUBJECT, 49), undefined)
})

test('totals stay complete from the instant for which they were read', () => {
  const { batch } = newMemory()
  batch(null, 'one').update(whole(3n))
  const second = batch('one', 'two')
  assert.deepEqual(second.totalsOf(SUBJECT, 70), [total(3n)])
  second.update(after({ totals: [{ ...SUBJECT, from: 70, totals: [total(4n)] }] }))
  assert.deepEqual(batch('two', 'three').totalsOf(SUBJECT, 50), [total(4n)])
  const third = batch('two', 'three')
  third.update(after({ totals: [{ ...SUBJECT, from: 70, totals: [total(5n)] }] }))
  assert.equal(batch('three', 'four').totalsOf(SUBJECT, 50), undefined)
})

test('nothing is found if somebody else has counted since', () => {
  const { batch } = newMemory()
  batch(null, 'one').update(whole(3n))
  const next = batch('of another server', 'two')
  assert.equal(next.totalsOf(SUBJECT, 50), undefined)
  assert.equal(next.counterOf(KEY), undefined)
})

test('a batch that fails leaves everything as it was', () => {
  const { batch } = newMemory()
  batch(null, 'one').update(whole(3n))
  batch('one', 'lost').counterOf(KEY)
  assert.equal(batch('one', 'two').counterOf(KEY)?.usage, 3n)
})

test('what was only added to a counter is added to the cached one, and to no other', () => {
  const { batch } = newMemory()
  batch(null, 'one').update(adding(2n))
  assert.equal(batch('one', 'two').counterOf(KEY), undefined)
  batch('one', 'two').update(whole(3n))
  batch('two', 'three').update(adding(2n))
  const after = { usage: 5n, held: 1n, setAt: 7, crossed: undefined }
  assert.deepEqual(batch('three', 'four').counterOf(KEY), after)
})

test('a customer whose usage was changed in another way is read again', () => {
  const { batch } = newMemory()
  batch(null, 'one').update(whole(3n))
  const second = batch('one', 'two')
  second.drop('acme')
  assert.equal(second.counterOf(KEY), undefined)
  second.update(adding(2n))
  assert.equal(batch('two', 'three').counterOf(KEY), undefined)
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
  batch('one', 'two').update(adding(2n))
  assert.equal(state.usage.counters.get(NAME)?.usage, 3n)
  assert.equal(batch('two', 'three').counterOf(KEY), undefined)
})

test('changed reservations are read again', () => {
  const { batch, customers } = newMemory()
  const versions = { structureVersion: 'structure', environmentVersion: NO_VERSION }
  const state = customers.at('acme', { ...versions, usageVersion: 'one' })
  state.usage.openHolds = { holds: [], isComplete: true }
  customers.keep('acme', state)
  batch('one', 'two').update(after({}))
  const kept = customers.at('acme', { ...versions, usageVersion: 'two' })
  assert.notEqual(kept.usage.openHolds, null)
  batch('two', 'three').update(after({ reserving: new Set(['acme']) }))
  const changed = customers.at('acme', { ...versions, usageVersion: 'three' })
  assert.equal(changed.usage.openHolds, null)
})

test('windows that are over are dropped when there are many', () => {
  const { batch } = newMemory()
  const days = Array.from({ length: 13 }, (_, day) =>
    total(1n, { start: day * 10, end: day * 10 + 10 }),
  )
  batch(null, 'one').update(after({ totals: [{ ...SUBJECT, from: 0, totals: days }] }))
  const next = batch('one', 'two')
  assert.equal(next.totalsOf(SUBJECT, 99), undefined)
  assert.deepEqual(
    next.totalsOf(SUBJECT, 100)?.map(({ window }) => window.start),
    [100, 110, 120],
  )
})
