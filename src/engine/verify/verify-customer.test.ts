import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  answersOf,
  type Company,
  openCompany,
  useCompany,
} from '../../../test/support/metered-company.ts'
import { randomFrom, seedOf } from '../../../test/support/random.ts'
import { differing, type Kind } from '../../../test/support/verified.ts'
import { openWorldApart } from '../../../test/support/world.ts'
import type { App } from '../../app.ts'
import { type Sql, sql, type Tx, within } from '../../db/index.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { rebuildCustomer, verifyCustomer } from './verify-customer.ts'

const world = await openWorldApart()
const { app, jobs } = world.bursar
const { clock } = world
const DAY_MS = 86_400_000
const LIMIT = 10
const NO_RESOURCE = '00000000-0000-0000-0000-000000000000'

let company: Company

before(async () => {
  company = await openCompany(world)
  const random = randomFrom(1, 1)
  await useCompany(company, world, { random, steps: 60 })
})
after(() => clock.moveTo(null))

test('all usage that is counted through the API agrees with its records', async (t) => {
  const other = await openCompany(world)
  await useCompany(other, world, { random: randomFrom(seedOf(t), 1), steps: 40 })
  const verified = await verifyCustomer(app, other.customerKey, LIMIT)
  assert.deepEqual(differing(verified), {})
  const { records, names, totals, marks, counters } = verified.size
  for (const rows of [records, names, totals, marks, counters]) assert.ok(rows > 5)
})

/** Runs work on the company in a transaction that is rolled back. */
async function undone(work: (app: App, tx: Tx) => Promise<void>): Promise<void> {
  const undo = new Error('undone')
  const run = app.db.transaction(async (tx) => {
    await work({ ...app, db: within(tx) }, tx)
    throw undo
  })
  await assert.rejects(run, undo)
}

const whose = () => sql`customer_key = ${company.customerKey}::uuid`
/** A condition for one row of the company in a table. */
const one = (table: Sql, where: Sql): Sql => sql`
  ctid = (select ctid from ${table} where ${whose()} and ${where} order by ctid limit 1)`

const total = (set: Sql, where: Sql) => () =>
  sql`update usage_totals set ${set} where ${one(sql`usage_totals`, where)}`
const noTotal = (where: Sql) => () =>
  sql`delete from usage_totals where ${one(sql`usage_totals`, where)}`
/** A window that is not purged and that no reservation of the company holds. */
const used = () => sql`usage <> 0 and held = 0 and window_start > (
  select closed_until from customer_heads where ${whose()}) + interval '1 hour'`
const counter = (set: Sql) => () =>
  sql`update budget_counters set ${set} where ${one(sql`budget_counters`, used())}`
/** `usage_events` is partitioned, so a ctid does not identify a row. */
const record = (set: Sql, where: Sql) => () =>
  sql`
  update usage_events set ${set} where ${whose()} and event_key = (
    select min(event_key::text)::uuid from usage_events where ${whose()} and ${where})`
const posted = sql`cardinality(assignment_keys) > 0 and amounts[1] <> 0`

const lifetime = sql`not isfinite(window_end) and sum <> 0 and distinct_count = 0`
const day = sql`is_kept and isfinite(window_end)`
const month = sql`not is_kept and window_end - window_start > interval '2 days'`

type Damage = { by: () => Sql; found: Partial<Record<Kind, number>>; like?: object }

/** Damage that a rebuild repairs. */
const DAMAGED: Readonly<Record<string, Damage>> = {
  'the sum of the lifetime': {
    by: total(sql`sum = sum + 1`, lifetime),
    found: { totals: 1 },
    like: { stored: { window: { start: -Infinity, end: Infinity } } },
  },
  'the count of a day': { by: total(sql`count = count - 1`, day), found: { totals: 1 } },
  'the least amount': { by: total(sql`min = min - 1`, month), found: { totals: 1 } },
  'the largest amount': { by: total(sql`max = null`, lifetime), found: { totals: 1 } },
  'the distinct values of a window': {
    by: total(sql`distinct_count = distinct_count + 1`, sql`distinct_count > 1 and not is_kept`),
    found: { totals: 1 },
  },
  'when the latest record occurred': {
    by: total(sql`last_at = last_at - interval '1 millisecond'`, lifetime),
    found: { totals: 1 },
  },
  'when the SET in force occurred': {
    by: total(sql`set_at = null`, sql`set_at is not null`),
    found: { totals: 1 },
    like: { stored: { setAt: null } },
  },
  'what is held in a window': { by: total(sql`held = 3`, month), found: { totals: 1 } },
  'that a day is always kept': {
    by: total(sql`is_kept = false`, day),
    found: { totals: 1 },
    like: { stored: { isKept: false }, recounted: { isKept: true } },
  },
  'a lifetime that is not there': {
    by: noTotal(lifetime),
    found: { totals: 1 },
    like: { stored: null, recounted: { window: { start: -Infinity } } },
  },
  'a day that is not there': { by: noTotal(day), found: { totals: 1 }, like: { stored: null } },
  'a window that nothing occurred in': {
    by: () => sql`
      insert into usage_totals
      select customer_key, feature_key, resource_key, timestamptz '2020-01-02 10:00',
        timestamptz '2020-01-01 10:00', environment_key, false, 1, 5, 5, 5, 0, 0, last_at, null
      from usage_totals where ${one(sql`usage_totals`, lifetime)}`,
    found: { totals: 1 },
    like: { stored: { tally: { count: 1n } }, recounted: { tally: { count: 0n } } },
  },
  'a window without an end': {
    by: () => sql`
      insert into usage_totals
      select customer_key, feature_key, resource_key, 'infinity', last_at, environment_key, false,
        0, 0, null, null, 0, 0, '-infinity', null
      from usage_totals where ${one(sql`usage_totals`, lifetime)}`,
    found: { totals: 1 },
    like: { stored: { window: { end: Infinity }, tally: { count: 0n } } },
  },
  'a mark that is not there': {
    by: () => sql`
      delete from usage_marks where ${one(sql`usage_marks`, sql`not isfinite(window_end)`)}`,
    found: { marks: 1 },
    like: { missing: 1, unfounded: 0 },
  },
  'a mark that no record has': {
    by: () => sql`
      update usage_marks set mark_hash = gen_random_uuid()
      where ${one(sql`usage_marks`, sql`not isfinite(window_end)`)}`,
    found: { marks: 1 },
    like: { missing: 1, unfounded: 1 },
  },
  'a mark of a window without a total': {
    by: () => sql`
      insert into usage_marks
      select customer_key, feature_key, resource_key, mark_hash, timestamptz '2020-01-02 10:00',
        timestamptz '2020-01-01 10:00', environment_key
      from usage_marks where ${one(sql`usage_marks`, sql`true`)}`,
    found: { marks: 1 },
    like: { missing: 0, unfounded: 1 },
  },
  'the usage of a budget': { by: counter(sql`usage = usage + 0.5`), found: { counters: 1 } },
  'what is held of a budget': {
    by: counter(sql`held = 2`),
    found: { counters: 1 },
    like: { stored: { held: 20_000_000_000n }, recounted: { held: 0n } },
  },
  'when the SET in force of a budget occurred': {
    by: counter(sql`set_at = '2020-01-01'`),
    found: { counters: 1 },
    like: { stored: { setAt: Date.UTC(2020, 0) } },
  },
  'a counter of another window': {
    by: counter(sql`window_start = window_start - interval '1 second'`),
    found: { counters: 2 },
    like: { recounted: { usage: 0n } },
  },
  'a posting to a budget that does not exist': {
    by: record(
      sql`
      assignment_keys = assignment_keys || gen_random_uuid(),
      assignment_revisions = assignment_revisions || 1,
      assignment_windows = assignment_windows || timestamptz '2026-05-01',
      assignment_deltas = assignment_deltas || amounts[1]`,
      posted,
    ),
    found: { attributions: 1, counters: 1 },
    like: { holder: 'record', what: 'budget' },
  },
  'an entity that does not exist': {
    by: record(sql`entity_keys = entity_keys || gen_random_uuid()`, posted),
    found: { attributions: 1 },
    like: { holder: 'record', what: 'entity' },
  },
}
for (const [name, { by, found, like }] of Object.entries(DAMAGED))
  test(`verification reports and a rebuild repairs: ${name}`, () =>
    undone(async (inside, tx) => {
      assert.equal(await tx.execute(by()), 1, 'one row is damaged')
      const verified = await verifyCustomer(inside, company.customerKey, LIMIT)
      assert.deepEqual(differing(verified), found)
      const [kind] = Object.keys(found) as Kind[]
      if (like !== undefined && kind !== undefined)
        assert.partialDeepStrictEqual(verified[kind].differences[0], like)
      await rebuildCustomer(inside, company.owner)
      const recounted = await verifyCustomer(inside, company.customerKey, LIMIT)
      assert.deepEqual(differing(recounted), {})
    }))

/** Damage of the records themselves. It is reported and stays. */
const WRONG: Readonly<Record<string, Damage>> = {
  'a record that lacks an amount': {
    by: record(sql`amounts = '{}'`, posted),
    found: { records: 1 },
  },
  'a record that lacks a feature': {
    by: record(sql`feature_keys = '{}'`, posted),
    found: { records: 1 },
  },
  'a record that counts more than was reported': {
    by: record(sql`amounts[1] = 1000`, sql`kind = 'REPORT'`),
    found: { records: 1 },
  },
  'a record of which more was reported than counts': {
    by: record(sql`value = null`, sql`kind = 'CONSUME'`),
    found: { records: 1 },
  },
  'a posting without a budget': {
    by: record(sql`assignment_keys = assignment_keys[2:]`, posted),
    found: { records: 1 },
  },
  'a posting without a revision': {
    by: record(sql`assignment_revisions = null`, posted),
    found: { records: 1 },
  },
  'a posting without a window': {
    by: record(sql`assignment_windows = assignment_windows[2:]`, posted),
    found: { records: 1 },
  },
  'a record that lacks a mark': { by: record(sql`marks = '{}'`, posted), found: { records: 1 } },
  'a posting without an amount': {
    by: record(sql`assignment_deltas = assignment_deltas[2:]`, posted),
    found: { records: 1 },
  },
  'usage of a feature that does not exist': {
    by: record(sql`feature_keys[1] = gen_random_uuid()`, sql`assignment_keys is null`),
    found: { subjects: 1 },
    like: { what: 'feature', records: 1 },
  },
  'usage of a resource that does not exist': {
    by: record(sql`resource_key = gen_random_uuid()`, posted),
    found: { subjects: 1 },
    like: { what: 'resource', records: 1 },
  },
  'a posting to a revision that there is not': {
    by: record(sql`assignment_revisions[1] = 99`, posted),
    found: { postings: 1 },
    like: { problem: 'revision' },
  },
  'a posting in a window that had not begun': {
    by: record(sql`assignment_windows[1] = occurred_at + interval '1 second'`, posted),
    found: { postings: 1 },
    like: { problem: 'window' },
  },
  'a posting of another amount': {
    by: record(sql`assignment_deltas[1] = 1000`, posted),
    found: { postings: 1 },
    like: { problem: 'amount' },
  },
  'a posting for whom the record is not attributed to': {
    by: record(sql`entity_keys = '{}'`, sql`cardinality(assignment_keys) = 1`),
    found: { postings: 1 },
    like: { problem: 'entity' },
  },
  'a key without its record': {
    by: () => sql`
      update usage_keys set event_key = gen_random_uuid() where ${one(sql`usage_keys`, sql`true`)}`,
    found: { names: 1 },
  },
}
for (const [name, { by, found, like }] of Object.entries(WRONG))
  test(`verification reports and a rebuild does not repair: ${name}`, () =>
    undone(async (inside, tx) => {
      assert.equal(await tx.execute(by()), 1, 'one row is damaged')
      await rebuildCustomer(inside, company.owner)
      const verified = await verifyCustomer(inside, company.customerKey, LIMIT)
      assert.partialDeepStrictEqual(differing(verified), found)
      const [kind] = Object.keys(found) as Kind[]
      if (like !== undefined && kind !== undefined)
        assert.partialDeepStrictEqual(verified[kind].differences[0], like)
    }))

test('a posting of a feature that the record did not count is reported', () =>
  undone(async (inside, tx) => {
    await tx.execute(sql`
      update usage_events set feature_keys = array[gen_random_uuid()]
      where ${whose()} and cardinality(feature_keys) = 1 and ${posted}`)
    const { postings } = await verifyCustomer(inside, company.customerKey, LIMIT)
    assert.ok(postings.count > LIMIT)
    assert.equal(postings.differences.length, LIMIT)
    for (const { problem } of postings.differences) assert.equal(problem, 'feature')
  }))

test('the amounts of open reservations are in the totals and counters that they name', () =>
  undone(async (inside, tx) => {
    const reserve = (status: string) =>
      tx.execute(sql`
        insert into reservations (customer_key, reservation_key, environment_key, status,
          feature_key, resource_key, amount, occurred_at, assignment_keys, assignment_revisions,
          assignment_windows, created_at, expires_at, updated_at)
        select customer_key, gen_random_uuid(), environment_key, ${status}::text, feature_keys[1],
          resource_key, 7, occurred_at, assignment_keys, assignment_revisions, assignment_windows,
          accepted_at, accepted_at, accepted_at
        from usage_events
        where ${whose()} and ${posted} order by event_key limit 1`)
    await reserve('released')
    assert.deepEqual(differing(await verifyCustomer(inside, company.customerKey, LIMIT)), {})
    await reserve('open')
    const verified = await verifyCustomer(inside, company.customerKey, LIMIT)
    assert.deepEqual(Object.keys(differing(verified)), ['totals', 'counters'])
    for (const { stored, recounted } of verified.totals.differences)
      assert.equal(recounted.held - (stored?.held ?? 0n), 70_000_000_000n)
    await rebuildCustomer(inside, company.owner)
    assert.deepEqual(differing(await verifyCustomer(inside, company.customerKey, LIMIT)), {})
  }))

test('a hold of a feature without usage has totals, too', () =>
  undone(async (inside, tx) => {
    const key = '00000000-0000-7000-8000-000000000001'
    await tx.execute(sql`
      insert into reservations (customer_key, reservation_key, environment_key, status, feature_key,
        resource_key, amount, occurred_at, created_at, expires_at, updated_at)
      select customer_key, ${key}::uuid, environment_key, 'open', ${key}::uuid,
        ${NO_RESOURCE}::uuid, 7, decided_at, decided_at, decided_at, decided_at
      from customer_heads where ${whose()}`)
    const { totals } = await verifyCustomer(inside, company.customerKey, LIMIT)
    assert.deepEqual(
      totals.differences.map(({ featureKey, stored, recounted }) => {
        return [featureKey, stored, recounted.tally.count, recounted.held, recounted.isKept]
      }),
      [
        [key, null, 0n, 70_000_000_000n, true],
        [key, null, 0n, 70_000_000_000n, true],
      ],
    )
  }))

test('after all totals and counters are deleted, a rebuild restores every answer', async () => {
  const answers = await answersOf(company)
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`delete from usage_totals where ${whose()}`)
    await tx.execute(sql`delete from usage_marks where ${whose()}`)
    await tx.execute(sql`delete from budget_counters where ${whose()}`)
  })
  assert.notDeepEqual(await answersOf(company), answers)
  const verified = await verifyCustomer(app, company.customerKey, LIMIT)
  const { totals, counters } = differing(verified)
  assert.ok(totals !== undefined && totals > LIMIT && counters !== undefined)
  await rebuildCustomer(app, company.owner)
  assert.deepEqual(await answersOf(company), answers)
  assert.deepEqual(differing(await verifyCustomer(app, company.customerKey, LIMIT)), {})
  await useCompany(company, world, { random: randomFrom(1, 2), steps: 10 })
  assert.deepEqual(differing(await verifyCustomer(app, company.customerKey, LIMIT)), {})
})

test('purged distinct values are no difference, even after late usage', async () => {
  const { ingest, customerKey } = await openCompany(world)
  const event = (idempotencyKey: string, timestamp: string) => ({
    eventName: 'call',
    idempotencyKey,
    dimensions: { userId: 'ann', cost: 1 },
    timestamp,
  })
  const then = clock.now()
  const at = (ms: number) => instantToWire(then + ms)
  await ingest([event('early', at(0))])
  const { marks } = (await verifyCustomer(app, customerKey, LIMIT)).size
  clock.moveTo(then + 60 * DAY_MS)
  await jobs.runNow()
  await ingest([event('late', at(1)), event('later', at(2))])
  const verified = await verifyCustomer(app, customerKey, LIMIT)
  assert.deepEqual(differing(verified), {})
  assert.ok(verified.size.marks < marks + 2, 'marks were trimmed')
})
