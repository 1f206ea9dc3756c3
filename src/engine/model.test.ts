import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openShop } from '../../test/support/shop.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { sql } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { contains, LIFETIME, type Unit, type Window, windowAt } from '../kernel/period.ts'

const world = await openWorld()
const { clock } = world
const START = clock.now()

const meter = (name: string, field?: string) => ({
  meter: { aggregation: { function: name, ...(field && { field }) }, filters: [] },
})
const FEATURES = {
  seats: { meterType: 'FLUCTUATING' },
  calls: { resetPeriod: 'DAY' },
  sum: { ...meter('SUM', 'n'), resetPeriod: 'MONTH' },
  users: { ...meter('UNIQUE', 'who'), resetPeriod: 'DAY' },
  peak: { ...meter('MAX', 'n'), resetPeriod: 'HOUR' },
  average: meter('AVG', 'n'),
} as const
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 15)
type FeatureId = keyof typeof FEATURES
const IDS = Object.keys(FEATURES) as FeatureId[]
const PERIODS: { [Id in FeatureId]?: Unit } = {
  calls: 'DAY',
  sum: 'MONTH',
  users: 'DAY',
  peak: 'HOUR',
}

/** Grants begin at `START`, so periods of days and hours are counted from there. */
function windowOf(id: FeatureId, at: Instant): Window {
  const unit = PERIODS[id]
  if (unit === undefined) return LIFETIME
  const anchor = unit === 'MONTH' ? Date.parse('2026-05-01T00:00:00Z') : START
  return windowAt(anchor, { unit, count: 1 }, at)
}

type Report = {
  at: Instant
  id: 'seats' | 'calls'
  value: number
  set: boolean
  key: string | null
}
type Event = { at: Instant; n: number | null; who: string | null; key: string }

/** The simplest model: all records, and nothing derived from them. */
function createModel() {
  const amounts: { id: FeatureId; at: Instant; amount: number; who: string | null }[] = []
  const sets: { window: Window; id: FeatureId; at: Instant }[] = []
  const keys = new Set<string>()
  const of = (id: FeatureId, window: Window) =>
    amounts.filter((each) => each.id === id && contains(window, each.at))
  const sum = (id: FeatureId, window: Window) =>
    of(id, window).reduce((total, { amount }) => total + amount, 0)
  const isNew = (key: string | null) => {
    if (key === null) return true
    if (keys.has(key)) return false
    keys.add(key)
    return true
  }
  const report = ({ at, id, value, set, key }: Report) => {
    if (!isNew(key && `${id} ${key}`)) return
    const window = windowOf(id, at)
    const earlier = sets.filter((each) => each.id === id && each.window.start === window.start)
    if (set && earlier.some((each) => each.at > at)) return
    if (set) sets.push({ window, id, at })
    amounts.push({ id, at, amount: set ? value - sum(id, window) : value, who: null })
  }
  const ingest = ({ at, n, who, key }: Event) => {
    if (!isNew(`event ${at} ${key}`)) return
    for (const id of ['sum', 'peak', 'average'] as const)
      if (n !== null) amounts.push({ id, at, amount: n, who: null })
    if (who !== null) amounts.push({ id: 'users', at, amount: 1, who })
  }
  const usage = (id: FeatureId, now: Instant): number => {
    const own = of(id, windowOf(id, now))
    const values = own.map(({ amount }) => amount)
    if (id === 'users') return new Set(own.map(({ who }) => who)).size
    if (id === 'peak') return Math.max(0, values.length === 0 ? 0 : Math.max(...values))
    const total = sum(id, windowOf(id, now))
    if (id !== 'average') return Math.max(0, total)
    return values.length === 0 ? 0 : Math.max(0, rounded(total / values.length))
  }
  return { report, ingest, usage }
}

const rounded = (value: number): number => Number(value.toFixed(10))

/** Minutes after `START`, mostly near now, sometimes long ago. */
const offset = fc.oneof(
  fc.integer({ min: -90, max: 59 }),
  fc.integer({ min: -3 * 24 * 60, max: 59 }),
  fc.constantFrom(0, -60, -24 * 60),
)
const report = fc.record({
  kind: fc.constant('reports' as const),
  items: fc.array(
    fc.record({
      offset,
      id: fc.constantFrom('seats' as const, 'calls' as const),
      value: fc.integer({ min: -20, max: 50 }),
      set: fc.boolean(),
      key: fc.option(fc.constantFrom('a', 'b', 'c')),
    }),
    { minLength: 1, maxLength: 4 },
  ),
})
const ingest = fc.record({
  kind: fc.constant('events' as const),
  items: fc.array(
    fc.record({
      offset,
      n: fc.option(fc.integer({ min: -20, max: 50 })),
      who: fc.option(fc.constantFrom('ann', 'bob', 'cy')),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
    }),
    { minLength: 1, maxLength: 6 },
  ),
})
const step = fc.oneof(
  { weight: 4, arbitrary: report },
  { weight: 4, arbitrary: ingest },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      minutes: fc.constantFrom(1, 30, 60, 23 * 60 + 30, 24 * 60, 15 * 24 * 60),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('forget' as const) }) },
)

/** Deletes totals that may be purged: all but those of the lifetime and of days. */
const forgetTotals = ({ scope }: Tenant) =>
  world.bursar.app.db.transaction(async (tx) => {
    const { environmentKey } = scope
    await tx.execute(sql`
      delete from usage_totals where environment_key = ${environmentKey}::uuid and not is_kept`)
    await tx.execute(sql`
      delete from usage_marks seen
      where environment_key = ${environmentKey}::uuid and not exists (
        select from usage_totals total
        where total.customer_key = seen.customer_key and total.feature_key = seen.feature_key
          and total.resource_key = seen.resource_key and total.window_end = seen.window_end
          and total.window_start = seen.window_start)`)
  })

async function usages(tenant: Tenant): Promise<Record<string, number>> {
  const { data } = await tenant.ok('v1.customers.retrieveEntitlements', { params: { id: 'acme' } })
  return Object.fromEntries(
    data.entitlements.flatMap((each) =>
      each.type === 'FEATURE' ? [[each.feature?.id ?? '', each.currentUsage ?? 0]] : [],
    ),
  )
}

test('usage is as in a simple model, whatever arrives and whatever totals are deleted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      clock.moveTo(START)
      const { tenant, report: send, ingest: sendEvents } = await openShop(world, FEATURES)
      const model = createModel()
      for (const each of steps) {
        const at = (minutes: number) => clock.now() + minutes * 60_000
        if (each.kind === 'wait') clock.moveTo(clock.now() + each.minutes * 60_000)
        if (each.kind === 'forget') await forgetTotals(tenant)
        if (each.kind === 'reports') {
          await send(
            each.items.map(({ offset: minutes, id, value, set, key }) => ({
              featureId: id,
              value,
              updateBehavior: set ? 'SET' : 'DELTA',
              createdAt: instantToWire(at(minutes)),
              ...(key && { idempotencyKey: key }),
            })),
          )
          for (const item of each.items) model.report({ ...item, at: at(item.offset) })
        }
        if (each.kind === 'events') {
          await sendEvents(
            each.items.map(({ offset: minutes, n, who, key }) => ({
              eventName: 'call',
              idempotencyKey: key,
              timestamp: instantToWire(at(minutes)),
              dimensions: { ...(n !== null && { n }), ...(who && { who }) },
            })),
          )
          for (const item of each.items) model.ingest({ ...item, at: at(item.offset) })
        }
        const expected = Object.fromEntries(IDS.map((id) => [id, model.usage(id, clock.now())]))
        assert.deepEqual(await usages(tenant), expected)
      }
    }),
    { numRuns: ROUNDS },
  )
  clock.moveTo(null)
})
