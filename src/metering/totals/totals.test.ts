import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld } from '../../../test/support/world.ts'
import { customerNamed, renewVersion } from '../../customers/index.ts'
import { column, row, sql } from '../../db/index.ts'
import { instantFromWire, instantToWire } from '../../kernel/clock.ts'
import { uuidv7 } from '../../kernel/ids.ts'
import { boundToSql, dayOf, LIFETIME, type Window } from '../../kernel/period.ts'
import { type Quantity, quantityToSql, wholeUnits } from '../../kernel/quantity.ts'
import { type Aggregate, isAlwaysKept, NO_RESOURCE } from '../types.ts'
import { mustBeMade } from './count-record.ts'
import { findUsage } from './find-usage.ts'
import { findTotals, makeTotals } from './window-store.ts'

const world = await openWorld()
const { db } = world.bursar.app
const ids = uuidv7()

const at = (text: string) => instantFromWire(`2026-${text}:00Z`)
const MAY: Window = { start: at('05-01T00:00'), end: at('06-01T00:00') }

async function newCustomer() {
  const { scope, ok } = await world.tenant()
  await ok('v1.customers.provision', { body: { id: 'c' } })
  const keyRow = row({ key: column.uuid })
  const { key } = await db.read.one(keyRow, sql`select ${customerNamed(scope, 'c')} as key`)
  return { scope, customerKey: key, featureKey: ids.next(at('01-01T00:00')) }
}
type TestCustomer = Awaited<ReturnType<typeof newCustomer>>

type TestRecord = { occurred: number; amount: Quantity; mark?: string | null }

/** Writes a record and the total of its day, as the engine does. */
const record = (metered: TestCustomer, { occurred, amount, mark = null }: TestRecord) =>
  db.transaction(async (tx) => {
    const { scope, customerKey, featureKey } = metered
    await tx.execute(sql`
      insert into usage_events (customer_key, occurred_at, event_key, environment_key, accepted_at,
        kind, resource_key, feature_keys, amounts, marks)
      values (${customerKey}::uuid, ${instantToWire(occurred)}::timestamptz,
        ${ids.next(occurred)}::uuid, ${scope.environmentKey}::uuid,
        ${instantToWire(occurred)}::timestamptz, 'EVENT', ${NO_RESOURCE}::uuid,
        array[gen_random_uuid(), ${featureKey}::uuid], array[99, ${quantityToSql(amount)}::numeric],
        array['other', ${mark}::text])`)
    const day = dayOf(occurred)
    await tx.execute(sql`
      insert into usage_totals as day (customer_key, feature_key, resource_key, window_end,
        window_start, environment_key, is_kept, count, sum, min, max, distinct_count, last_at)
      select ${customerKey}::uuid, ${featureKey}::uuid, ${NO_RESOURCE}::uuid,
        ${boundToSql(day.end)}::timestamptz, ${boundToSql(day.start)}::timestamptz,
        ${scope.environmentKey}::uuid, true, 1, amount, amount, amount, 0,
        ${instantToWire(occurred)}::timestamptz
      from (select ${quantityToSql(amount)}::numeric as amount) as added
      on conflict (customer_key, feature_key, resource_key, window_end, window_start) do update set
        count = day.count + 1, sum = day.sum + excluded.sum,
        min = least(day.min, excluded.min), max = greatest(day.max, excluded.max),
        last_at = greatest(day.last_at, excluded.last_at)`)
  })

const keep = (
  { scope, customerKey, featureKey }: TestCustomer,
  { window, value, last }: { window: Window; value: Quantity; last: number },
) =>
  db.transaction((tx) =>
    tx.execute(sql`
      insert into usage_totals (customer_key, feature_key, resource_key, window_end, window_start,
        environment_key, is_kept, count, sum, min, max, distinct_count, last_at)
      values (${customerKey}::uuid, ${featureKey}::uuid, ${NO_RESOURCE}::uuid,
        ${boundToSql(window.end)}::timestamptz, ${boundToSql(window.start)}::timestamptz,
        ${scope.environmentKey}::uuid, ${isAlwaysKept(window)}::boolean, 1,
        ${quantityToSql(value)}::numeric, 2, 3, 4,
        ${instantToWire(last)}::timestamptz)`),
  )

/** Returns usage as a decision does: from stored totals, or else from a computed one. */
async function usage(
  { customerKey, featureKey }: Pick<TestCustomer, 'customerKey' | 'featureKey'>,
  window: Window,
  aggregate: Aggregate,
): Promise<Quantity | undefined> {
  const meter = { customerKey, featureKey, resourceKey: NO_RESOURCE }
  const [totals = []] = await findTotals(db.read, [{ ...meter, from: window.start }])
  const windows = mustBeMade(totals, window) ? [{ ...meter, window }] : []
  return findUsage([...totals, ...(await makeTotals(db.read, windows))], window, aggregate)?.usage
}

const AGGREGATED: [Aggregate, Quantity][] = [
  ['SUM', wholeUnits(18)],
  ['MAX', wholeUnits(8)],
  ['MIN', wholeUnits(5)],
  ['AVG', wholeUnits(6)],
  ['UNIQUE', wholeUnits(2)],
]
const WINDOWS: Record<string, Window> = {
  'a month': MAY,
  'a month from the middle of a day': { start: at('04-30T10:20'), end: at('05-31T10:20') },
  'an hour': { start: at('05-05T10:20'), end: at('05-05T11:20') },
  'an hour over midnight': { start: at('05-04T23:30'), end: at('05-05T00:30') },
  'two midnights apart': { start: at('05-04T12:00'), end: at('05-06T12:00') },
  'two days': { start: at('05-05T00:00'), end: at('05-07T00:00') },
  'a moment': { start: at('05-05T00:00'), end: at('05-05T00:00') + 2 },
}
for (const [name, window] of Object.entries(WINDOWS))
  test(`usage of ${name} without a stored total is computed from days and records`, async () => {
    const metered = await newCustomer()
    const middle = Math.floor((window.start + window.end) / 2)
    const records = [
      [window.start, 5, 'a'],
      [middle, 5, 'a'],
      [window.end - 1, 8, 'b'],
      [window.start - 1, 100, 'before'],
      [window.end, 100, 'after'],
    ] as const
    for (const [occurred, amount, mark] of records)
      await record(metered, { occurred, amount: wholeUnits(amount), mark })
    for (const [aggregate] of AGGREGATED)
      assert.equal(await usage(metered, window, aggregate), 0n, 'no lifetime, no records')
    await keep(metered, { window: LIFETIME, value: 0n, last: window.end })
    for (const [aggregate, expected] of AGGREGATED)
      assert.equal(await usage(metered, window, aggregate), expected, aggregate)
    const later = { start: window.end + 1, end: window.end + 2 }
    assert.equal(await usage(metered, later, 'SUM'), 0n)
  })

test('a stored total determines usage, whatever the records are', async () => {
  const metered = await newCustomer()
  await keep(metered, { window: LIFETIME, value: wholeUnits(3), last: MAY.start })
  await keep(metered, { window: MAY, value: -1n, last: MAY.start })
  await record(metered, { occurred: MAY.start, amount: wholeUnits(4) })
  assert.equal(await usage(metered, MAY, 'SUM'), -1n)
  assert.equal(await usage(metered, LIFETIME, 'SUM'), wholeUnits(3))
  assert.equal(await usage(metered, MAY, 'MAX'), wholeUnits(3))
  assert.equal(await usage(metered, MAY, 'UNIQUE'), wholeUnits(4))
  const stranger = await newCustomer()
  assert.equal(await usage({ ...stranger, featureKey: metered.featureKey }, MAY, 'SUM'), 0n)
})

test('totals are in the order of the queries, with all windows that end later', async () => {
  const { customerKey, featureKey, ...rest } = await newCustomer()
  const metered = { ...rest, customerKey, featureKey }
  await keep(metered, { window: LIFETIME, value: 5n, last: MAY.start })
  await keep(metered, { window: MAY, value: 3n, last: MAY.start })
  const of = { customerKey, resourceKey: NO_RESOURCE, from: MAY.end - 1 }
  const keys = [ids.next(0), featureKey, ids.next(0)]
  const queries = keys.map((key) => ({ ...of, featureKey: key }))
  const sums = async (asked: typeof queries) =>
    (await findTotals(db.read, asked)).map((totals) =>
      totals.map(({ window, tally }) => [window, tally.sum]).toSorted(),
    )
  const [may, lifetime] = [[MAY, 3n] as const, [LIFETIME, 5n] as const]
  const [, both] = await sums(queries)
  assert.deepEqual(new Set(both), new Set([may, lifetime]))
  assert.deepEqual(await sums(queries.map((each) => ({ ...each, from: MAY.end }))), [
    [],
    [lifetime],
    [],
  ])
  assert.deepEqual(await sums([]), [])
})

test('each change renews the version of a customer, and waits for transactions that count', async () => {
  const { scope, customerKey } = await newCustomer()
  const version = async () =>
    (
      await db.read.one(
        row({ version: column.uuid }),
        sql`
          select structure_version as version from customer_heads
          where customer_key = ${customerKey}::uuid`,
      )
    ).version
  const bump = () =>
    db.transaction((tx) => renewVersion(tx, { scope, now: MAY.start }, [customerKey]))
  await bump()
  const before = await version()
  const order: string[] = []
  let changed: Promise<unknown> = Promise.resolve()
  await db.transaction(async (tx) => {
    await tx.execute(
      sql`select from customer_heads where customer_key = ${customerKey}::uuid for update`,
    )
    changed = bump().then(() => order.push('changed'))
    await tx.execute(sql`select pg_sleep(0.1)`)
    order.push('counted')
  })
  await changed
  assert.deepEqual(order, ['counted', 'changed'])
  assert.notEqual(await version(), before)
})
