import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../test/support/deadline.ts'
import { NO_REFERENCES } from '../../test/support/no-references.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { column, row, sql } from '../db/index.ts'
import { systemOrigin } from '../kernel/origin.ts'
import type { Call } from '../operation.ts'
import { type CatalogUse, summarize } from './catalog-use.ts'
import { currencyHandlers } from './currencies/http.ts'
import { holdCurrencies } from './currencies/index.ts'
import { featureHandlers } from './features/http.ts'
import { findFeatures, holdFeatures } from './features/index.ts'

const world = await openWorld()
const { app } = world.bursar
let tenant: Tenant

const packages = [
  { id: 'plan-scale', displayName: 'Scale', type: 'Plan' as const },
  { id: 'more', displayName: 'More', type: 'Addon' as const },
]
const region = {
  id: 'region',
  displayName: 'Region',
  featureType: 'ENUM' as const,
  enumConfiguration: ['eu', 'us', 'ap'].map((value) => ({ value, displayName: value })),
}
const calls = {
  id: 'calls',
  displayName: 'Calls',
  featureType: 'NUMBER' as const,
  meterType: 'INCREMENTAL' as const,
  unitTransformation: { divide: 1000 },
}

async function fresh() {
  tenant = await world.tenant()
  for (const body of [region, calls]) await tenant.ok('v1.features.createFeature', { body })
  const body = { id: 'tokens', displayName: 'Tokens' }
  await tenant.ok('v1.credits.customCurrencies.create', { body })
}

/** Returns operations of a catalog whose port `CatalogUse` gives these answers. */
function leaning(use: Partial<CatalogUse>) {
  const all = { ...NO_REFERENCES, ...use }
  const handlers = { ...featureHandlers(all), ...currencyHandlers(all) }
  const call: Call = { app, scope: tenant.scope, origin: systemOrigin('test') }
  const request = <const P extends object, B>(params: P, body: B) => ({ params, body, query: {} })
  return {
    archiveFeature: (id: string) =>
      handlers['v1.features.archiveFeature'](request({ id }, undefined), call),
    updateFeature: (id: string, body: object) =>
      handlers['v1.features.updateFeature'](request({ id }, body), call),
    archiveCurrency: (currencyId: string) =>
      handlers['v1.credits.customCurrencies.archive'](request({ currencyId }, undefined), call),
    associated: (currencyId: string) =>
      handlers['v1.credits.customCurrencies.listAssociatedEntities'](
        request({ currencyId }, undefined),
        call,
      ),
  }
}

/** Asserts that a change is refused in this way and changes nothing. */
async function refused(change: () => Promise<unknown>, code: string, message: RegExp) {
  const state = async () => [
    await tenant.ok('v1.features.listFeatures'),
    await tenant.ok('v1.credits.customCurrencies.list'),
    await tenant.announced(),
  ]
  const before = await state()
  await assert.rejects(change, { status: 400, code, message })
  assert.deepEqual(await state(), before)
}

test('a feature that packages grant cannot be archived (CannotArchiveFeatureError)', async () => {
  await fresh()
  const used = leaning({ packagesWithFeature: async () => packages })
  const archive = () => used.archiveFeature('calls')
  await refused(archive, 'CannotArchiveFeatureError', /calls.*plan-scale, more/)
  await leaning({}).archiveFeature('calls')
  assert.equal((await archive()).data.featureStatus, 'SUSPENDED')
})

test('a value that is granted cannot be removed (InvalidArgumentError)', async () => {
  await fresh()
  const asked: unknown[] = []
  const used = leaning({
    valuesGranted: async (_, __, { values }) => {
      asked.push(values)
      return values.filter((value) => value === 'us')
    },
  })
  const left = (...kept: string[]) => ({
    enumConfiguration: kept.map((value) => ({ value, displayName: value })),
  })
  const leaveOut = () => used.updateFeature('region', left('ap'))
  await refused(leaveOut, 'InvalidArgumentError', /^enumConfiguration: .*us$/)
  await used.updateFeature('region', left('us', 'ap', 'new'))
  await used.updateFeature('region', { displayName: 'Regions' })
  assert.deepEqual(asked, [['eu', 'us'], ['eu']])
})

test('with active subscriptions a transformation cannot change (CannotUpdateUnitTransformationError)', async () => {
  await fresh()
  const used = leaning({ isSubscribed: async () => true })
  const code = 'CannotUpdateUnitTransformationError'
  for (const unitTransformation of [null, { divide: 10 }, { divide: 1000, round: 'DOWN' }])
    await refused(() => used.updateFeature('calls', { unitTransformation }), code, /calls/)
  const renamed = { displayName: 'C', unitTransformation: { divide: 1000, featureUnits: 'k' } }
  assert.equal((await used.updateFeature('calls', renamed)).data.displayName, 'C')
})

test('a feature with budgets needs a meter that adds up (InvalidArgumentError)', async () => {
  await fresh()
  const used = leaning({ isBudgeted: async () => true })
  const by = (name: string) => ({
    meter: {
      aggregation: name === 'COUNT' ? { function: name } : { function: name, field: 'amount' },
      filters: [],
    },
  })
  for (const name of ['MAX', 'MIN', 'AVG', 'UNIQUE'])
    await refused(
      () => used.updateFeature('calls', by(name)),
      'InvalidArgumentError',
      /^meter: .*calls/,
    )
  for (const name of ['SUM', 'COUNT']) await used.updateFeature('calls', by(name))
  await leaning({}).updateFeature('calls', by('MAX'))
  await used.updateFeature('calls', by('UNIQUE'))
})

test('a currency whose credits packages grant cannot be archived (IntegrityViolation)', async () => {
  await fresh()
  const used = leaning({ packagesWithCurrency: async () => packages })
  const archive = () => used.archiveCurrency('tokens')
  await refused(archive, 'IntegrityViolation', /tokens.*plan-scale, more/)
  assert.deepEqual(await used.associated('tokens'), { data: packages })
  await leaning({}).archiveCurrency('tokens')
  assert.notEqual((await archive()).data.archivedAt, null)
})

test('the port is asked in the transaction of the change, while the row is locked', async () => {
  await fresh()
  const key = row({ featureKey: column.uuid })
  const used = leaning({
    packagesWithFeature: async (reader, scope, featureKey) => {
      const unlocked = sql`select feature_key from features
        where feature_key = ${featureKey}::uuid for key share skip locked`
      assert.deepEqual(await app.db.read.many(key, unlocked), [])
      assert.equal((await reader.many(key, unlocked)).length, 1)
      assert.equal(scope, tenant.scope)
      return []
    },
  })
  assert.equal((await used.archiveFeature('calls')).data.featureStatus, 'SUSPENDED')
})

test('a change waits until nobody holds the feature or currency, and then sees how it is used', async () => {
  await fresh()
  let leans = false
  const use = { packagesWithFeature: async () => (leans ? packages : []) }
  const currencyUse = { packagesWithCurrency: async () => (leans ? packages : []) }
  const pid = row({ pid: column.integer })
  const isBlockedBy = async (holder: number) =>
    (
      await app.db.read.many(
        pid,
        sql`select pid from pg_stat_activity where ${holder}::integer = any(pg_blocking_pids(pid))`,
      )
    ).length > 0
  const rounds = [
    { hold: holdFeatures, id: 'calls', archive: () => leaning(use).archiveFeature('calls') },
    {
      hold: holdCurrencies,
      id: 'tokens',
      archive: () => leaning(currencyUse).archiveCurrency('tokens'),
    },
  ]
  for (const { hold, id, archive } of rounds) {
    leans = false
    const waiting = await app.db.transaction(async (tx) => {
      const [held] = await hold(tx, tenant.scope, [id])
      assert.equal(held?.id, id)
      const archiving = archive().then(
        () => 'archived',
        ({ code }: { code: string }) => code,
      )
      const { pid: holder } = await tx.one(pid, sql`select pg_backend_pid() as pid`)
      await until('the change waits', () => isBlockedBy(holder))
      leans = true
      return { archiving }
    })
    assert.match(await waiting.archiving, /^(CannotArchiveFeatureError|IntegrityViolation)$/)
  }
  const [feature] = await findFeatures(app.db.read, tenant.scope, ['calls'])
  assert.equal(feature?.status, 'NEW')
})

test('transactions that hold a feature do not wait for each other', async () => {
  await fresh()
  await app.db.transaction(async (tx) => {
    await holdFeatures(tx, tenant.scope, ['calls'])
    const other = await app.db.transaction((second) =>
      holdFeatures(second, tenant.scope, ['calls']),
    )
    assert.equal(other.length, 1)
  })
})

test('a refusal names at most ten objects', () => {
  const ids = Array.from({ length: 12 }, (_, index) => `p${index}`)
  assert.equal(summarize(ids), 'p0, p1, p2, p3, p4, p5, p6, p7, p8, p9 and 2 more')
  assert.equal(summarize(ids.slice(0, 2)), 'p0, p1')
})
