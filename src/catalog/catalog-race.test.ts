import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newFeatureWith } from '../../test/support/feature.ts'
import { NO_REFERENCES } from '../../test/support/no-references.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { sql } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import { systemOrigin } from '../kernel/origin.ts'
import type { Call } from '../operation.ts'
import { catalogVersion } from './catalog-store.ts'
import { ACTIVE_CURRENCIES_LIMIT } from './currencies/change-currency.ts'
import { createCurrency } from './currencies/commands.ts'
import { createFeature, METERS_LIMIT, updateFeature } from './features/commands.ts'
import type { FeatureInput } from './features/types.ts'

const world = await openWorld()
/** Another server on the same database. The queue of one process does not serialize both. */
const second = await openWorld()
let tenant: Tenant
const fresh = async () => {
  tenant = await world.tenant()
}

const callOn = (run: number): Call => {
  const { app } = (run % 2 === 0 ? world : second).bursar
  return { app, scope: tenant.scope, origin: systemOrigin('test') }
}
const runs = <T>(count: number, work: (run: number) => Promise<T>) =>
  Promise.all(
    Array.from({ length: count }, (_, run) =>
      work(run).then(
        () => 'done',
        ({ code }: { code: string }) => code,
      ),
    ),
  )
const feature = newFeatureWith({ meterType: 'INCREMENTAL' })
const update = (run: number, featureId: string, input: FeatureInput) =>
  updateFeature(callOn(run), { featureId, input, use: NO_REFERENCES })
/** Returns how often each outcome occurs. */
const tally = (outcomes: string[]) =>
  Object.fromEntries(
    Map.groupBy(outcomes, String)
      .entries()
      .map(([what, all]) => [what, all.length]),
  )

test('of concurrent requests that create one id, one succeeds and the others get a 409', async () => {
  await fresh()
  assert.deepEqual(tally(await runs(8, (run) => createFeature(callOn(run), 'f', feature))), {
    done: 1,
    DuplicatedEntityNotAllowed: 7,
  })
  const currency = { displayName: 'C' }
  assert.deepEqual(tally(await runs(8, (run) => createCurrency(callOn(run), 'c', currency))), {
    done: 1,
    DuplicatedEntityNotAllowed: 7,
  })
  // The order of events of two servers within one millisecond is not defined.
  const types = (await tenant.announced()).map(({ type }) => type)
  assert.deepEqual(types.toSorted(), ['credit_type.created', 'feature.created'])
})

test('concurrent updates of one feature all take effect and change the version', async () => {
  await fresh()
  await createFeature(callOn(0), 'f', feature)
  const { read } = world.bursar.app.db
  const before = await catalogVersion(read, tenant.scope)
  await runs(20, (run) => update(run, 'f', { metadata: { [`run${run}`]: 'x' } }))
  const { data } = await tenant.ok('v1.features.retrieveFeature', { params: { id: 'f' } })
  assert.equal(Object.keys(data.metadata).length, 20)
  assert.notEqual(await catalogVersion(read, tenant.scope), before)
})

test('the last active currency that is allowed is created by only one of several requests', async () => {
  await fresh()
  for (let count = 1; count < ACTIVE_CURRENCIES_LIMIT; count += 1)
    await createCurrency(callOn(0), `c${count}`, { displayName: 'C' })
  const create = (run: number) => createCurrency(callOn(run), `new${run}`, { displayName: 'C' })
  assert.deepEqual(tally(await runs(8, create)), { done: 1, TooManyCustomCurrencies: 7 })
})

test('the last meter that is allowed is created by only one request, and existing meters can change', async () => {
  await fresh()
  const { app } = world.bursar
  for (let run = 0; run < 8; run += 1) await createFeature(callOn(run), `f${run}`, feature)
  const now = app.clock.now()
  const keys = Array.from({ length: METERS_LIMIT - 1 }, () => app.ids.next(now))
  await app.db.transaction((tx) =>
    tx.execute(sql`
      insert into features (feature_key, environment_key, id, display_name, feature_type,
        meter_type, status, meter, metadata, created_at, updated_at)
      select key, ${tenant.scope.environmentKey}::uuid, key::text, 'Metered', 'NUMBER',
        'INCREMENTAL', 'NEW', '{}', '{}', at, at
      from unnest(${keys}::uuid[]) as key,
        (select ${instantToWire(now)}::timestamptz as at) as now`),
  )
  const count = { aggregation: { function: 'COUNT' as const }, filters: [] }
  const outcomes = await runs(8, (run) => update(run, `f${run}`, { meter: count }))
  assert.deepEqual(tally(outcomes), { done: 1, FeatureConfigurationExceededLimitError: 7 })
  const metered = `f${outcomes.indexOf('done')}`
  const meter = { ...count, filters: [{ conditions: [] }] }
  assert.deepEqual((await update(0, metered, { meter })).meter, meter)
})
