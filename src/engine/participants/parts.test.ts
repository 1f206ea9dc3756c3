import assert from 'node:assert/strict'
import { test } from 'node:test'
import { featureWith } from '../../../test/support/feature.ts'
import { totalOf } from '../../../test/support/window-totals.ts'
import { counterName } from '../../budgets/index.ts'
import type { Tx } from '../../db/index.ts'
import { inBody } from '../../kernel/field.ts'
import { systemOrigin } from '../../kernel/origin.ts'
import { LIFETIME } from '../../kernel/period.ts'
import { NO_RESOURCE, type Reservation } from '../../metering/index.ts'
import type { ValidatedRecord } from '../types.ts'
import { loadParts, newCachedUsage } from './list.ts'
import type { PartQuery } from './participant.ts'

const SUBJECT = { customerKey: 'acme', featureKey: 'calls', resourceKey: NO_RESOURCE }
const POSTING = { assignmentKey: 'budget', revision: 1, window: { start: 1 }, delta: 2n }
const NAME = counterName(POSTING, POSTING.window)

/** A database in which nothing is stored. */
const tx: Tx = {
  many: async () => [],
  maybeOne: async () => null,
  one: async () => assert.fail('no statement here has exactly one row'),
  execute: async () => assert.fail('loading writes nothing'),
}

const recordAt = (at: number, change: Partial<ValidatedRecord> = {}): ValidatedRecord => ({
  customerKey: 'acme',
  resourceKey: NO_RESOURCE,
  occurredAt: at,
  acceptedAt: at,
  kind: 'REPORT',
  eventName: null,
  value: 2n,
  dimensions: null,
  dedup: null,
  amounts: [{ ...AMOUNT, mark: null }],
  setWindow: null,
  period: null,
  origin: systemOrigin('test'),
  field: inBody('usages', 0),
  attribution: null,
  budgets: [],
  unresolved: [],
  ...change,
})
const AMOUNT = {
  featureKey: 'calls',
  amount: 2n,
  feature: featureWith({ key: 'calls' }),
  aggregate: 'SUM',
  window: LIFETIME,
} as const
const POSTED = { attribution: { direct: [], entities: [], postings: [POSTING] } }

/** The parts of a batch that counts records, with what is cached of its customer. */
function openBatch() {
  const cached = newCachedUsage()
  const count = async (records: readonly ValidatedRecord[], more: Partial<PartQuery> = {}) => {
    const missed = new Set<string>()
    const parts = await loadParts(tx, {
      scope: { environmentKey: 'environment' },
      records,
      decisions: [],
      thresholds: [],
      closedUntilOf: () => 0,
      usage: { cachedOf: () => cached, noteMiss: (customerKey) => missed.add(customerKey) },
      ...more,
    })
    const drafts = parts.map((part) => part.savepoint())
    for (const record of records)
      for (const draft of drafts) draft.post(record, { measured: [], attribution: null })
    for (const draft of drafts) draft.commit()
    return {
      parts,
      missed: [...missed],
      cacheAt: (now: number) => {
        for (const part of parts) part.cache({ cachedOf: () => cached, nowOf: () => now })
      },
    }
  }
  return { cached, count }
}

test('cached totals stay complete from the instant for which they were read', async () => {
  const { cached, count } = openBatch()
  cached.limits.put(SUBJECT, { from: 50, totals: [totalOf(3n)] })
  const found = await count([recordAt(70)])
  assert.deepEqual(found.missed, [])
  found.cacheAt(70)
  assert.equal(cached.limits.find(SUBJECT, 49), undefined)
  const sumOf = (from: number) => cached.limits.find(SUBJECT, from)?.totals[0]?.tally.sum
  assert.equal(sumOf(50), 5n)
  // Totals are read if distinct values are counted.
  const read = await count([recordAt(70, { amounts: [{ ...AMOUNT, mark: 'ann' }] })])
  read.cacheAt(70)
  assert.equal(sumOf(50), undefined)
  assert.equal(sumOf(70), 2n)
})

test('totals that are not cached are read', async () => {
  const { cached, count } = openBatch()
  cached.limits.put(SUBJECT, { from: 50, totals: [totalOf(3n)] })
  assert.deepEqual((await count([recordAt(49)])).missed, ['acme'])
})

test('what was only added to a counter is added to the cached one, and to no other', async () => {
  const { cached, count } = openBatch()
  const reserved: Reservation = {
    ...SUBJECT,
    ...POSTED,
    key: 'reservation',
    status: 'open',
    amount: 1n,
    committedAmount: null,
    occurredAt: 7,
    dimensions: null,
    createdAt: 7,
    expiresAt: 60_007,
    updatedAt: 7,
  }
  // Whatever is stored of a closed window is not used.
  const closed = { closedUntilOf: () => 2 }
  const set = recordAt(7, { ...POSTED, kind: 'SET', setWindow: LIFETIME })
  const post = async () => {
    const { parts, cacheAt } = await count([set], closed)
    for (const part of parts) part.hold(set, reserved)
    cacheAt(7)
  }
  await post()
  assert.equal(cached.budgets.get(NAME), undefined)
  cached.budgets.put(NAME, { usage: 3n, held: 0n, setAt: null, crossed: undefined })
  await post()
  const after = { usage: 5n, held: 1n, setAt: 7, crossed: undefined }
  assert.deepEqual(cached.budgets.get(NAME), after)
})

test('of many cached totals, those of windows that are over are dropped', async () => {
  const { cached, count } = openBatch()
  const windows = Array.from({ length: 13 }, (_, index) => ({
    start: index * 10,
    end: index * 10 + 10,
  }))
  cached.limits.put(SUBJECT, { from: 0, totals: windows.map((window) => totalOf(1n, window)) })
  const { cacheAt } = await count([recordAt(100)])
  cacheAt(100)
  assert.equal(cached.limits.find(SUBJECT, 99), undefined)
  const left = cached.limits.find(SUBJECT, 100)?.totals.map(({ window }) => window)
  assert.deepEqual(
    left?.filter(({ start, end }) => end - start === 10).map(({ start }) => start),
    [100, 110, 120],
  )
})

test('a savepoint that is not committed changes nothing', async () => {
  const { cached, count } = openBatch()
  cached.limits.put(SUBJECT, { from: 0, totals: [totalOf(3n)] })
  const record = recordAt(7, POSTED)
  const { parts, cacheAt } = await count([record])
  for (const part of parts) part.savepoint().post(record, { measured: [], attribution: null })
  cacheAt(7)
  assert.equal(cached.limits.find(SUBJECT, 7)?.totals[0]?.tally.sum, 5n)
})

test('cached usage is accounted for by its parts', () => {
  const { limits, budgets } = newCachedUsage()
  const bytes = () => limits.bytes + budgets.bytes
  assert.equal(bytes(), 0)
  limits.put(SUBJECT, { from: 0, totals: [totalOf(1n), totalOf(1n)] })
  const two = bytes()
  limits.put(SUBJECT, { from: 0, totals: [totalOf(1n)] })
  assert.ok(bytes() < two)
  const one = bytes()
  const counter = { usage: 1n, held: 0n, setAt: null, crossed: undefined }
  budgets.put(NAME, counter)
  const both = bytes()
  assert.ok(both > one)
  budgets.put(NAME, counter)
  assert.equal(bytes(), both)
})
