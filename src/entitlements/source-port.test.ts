import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heldSubscription, holdingOf } from '../../test/support/entitlement-sources.ts'
import { furnishFeatures, grantItem, grantTo } from '../../test/support/grants.ts'
import { NOW, openWorld, type Tenant } from '../../test/support/world.ts'
import { findFeatures } from '../catalog/features/index.ts'
import { requireCustomer } from '../customers/index.ts'
import { nothing, sql } from '../db/index.ts'
import { instantFromWire } from '../kernel/clock.ts'
import { LIFETIME } from '../kernel/period.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { promotionalSource } from '../promotional/index.ts'
import { entitlementReads } from './entitlement-reads.ts'
import { evaluate } from './evaluate.ts'
import type { Holding, ReadHoldings } from './holding.ts'
import type { EntitlementSource } from './source-port.ts'

const world = await openWorld()
const { app } = world.bursar
const now = instantFromWire(NOW)

/** Sources as a module with rows provides them: 100 of every NUMBER feature and no BOOLEAN. */
const planned: EntitlementSource = {
  sources: ({ featureKey }) => sql`
    select f.feature_key, json_build_object('kind', 'PLAN', 'id', 'pro', 'version', 3,
      'quantity', 1, 'subscription', json_build_object('id', 'sub', 'isTrial', false),
      'generation', 0, 'behavior', 'Increment',
      'allowance', case when f.feature_type = 'NUMBER' then json_build_object('limit', '100.5',
        'isUnlimited', false, 'isSoft', false, 'enumValues', '[]'::json) end,
      'reset', null, 'anchor', 0, 'countsFrom', null, 'startsAt', 0, 'endsAt', null,
      'updatedAt', 0) as source
    from features f
    where f.feature_type <> 'ENUM'
      ${featureKey === null ? nothing : sql`and f.feature_key = ${featureKey}`}`,
  endedAt: () => sql`null`,
}
const holding =
  (parts: Partial<Holding>): ReadHoldings =>
  (_, queries) =>
    Promise.resolve(queries.map(() => holdingOf(parts)))
const withPlans = entitlementReads(
  [promotionalSource, planned],
  holding({ subscriptions: [heldSubscription({})] }),
)
const { readEffectiveEntitlements } = entitlementReads([promotionalSource], holding({}))

async function openTenant(): Promise<Tenant> {
  world.clock.moveTo(now)
  const tenant = await world.tenant()
  await furnishFeatures(tenant)
  return tenant
}

test('the sources of several modules are resolved together', async () => {
  const tenant = await openTenant()
  await grantTo(tenant, [
    grantItem('seats', { usageLimit: 5 }),
    grantItem('calls', { usageLimit: 500 }),
  ])
  const { scope } = tenant
  const customerKey = await requireCustomer(app.db.read, scope, 'acme')
  const answer = async (featureId: string) => {
    const [feature] = await findFeatures(app.db.read, scope, [featureId])
    assert(feature)
    const query = { customerKey, featureKey: feature.key, resourceKey: null }
    const [entitlement] = await withPlans.readEffectiveEntitlements(app.db.read, [query], { now })
    assert(entitlement)
    const evaluation = evaluate(
      { customer: 'ACTIVE', isResourceKnown: true, ...entitlement },
      { ...entitlement, feature, window: LIFETIME, used: { usage: 0n, held: 0n } },
      { request: { usage: null, values: null, defaultUsage: 0n }, now },
    )
    return [evaluation.decision.rule, evaluation.query.resolution.effective?.limit]
  }
  assert.deepEqual(await answer('seats'), ['HardLimit', 1_005_000_000_000n])
  assert.deepEqual(await answer('calls'), ['HardLimit', wholeUnits(500)])
  assert.deepEqual(await answer('sso'), ['Revoked', undefined])
  assert.deepEqual(await answer('region'), ['NoFeatureEntitlementInSubscription', undefined])
})

test('entitlements of many customers are read by one statement, in the order of the query', async () => {
  const tenant = await openTenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'globex' } })
  await grantTo(tenant, [grantItem('seats', { usageLimit: 5, period: '1 week' })])
  const { scope } = tenant
  const features = await findFeatures(app.db.read, scope, ['seats', 'calls'])
  const wanted = []
  for (const customerId of ['globex', 'acme'])
    for (const id of ['seats', 'calls'])
      wanted.push({
        customerKey: await requireCustomer(app.db.read, scope, customerId),
        featureKey: features.find((feature) => feature.id === id)?.key ?? '',
        resourceKey: null,
      })
  const entitlements = await readEffectiveEntitlements(app.db.read, wanted, { now })
  assert.deepEqual(
    entitlements.map(({ resolution, validUntil, hasAnything, hasActiveSubscription }) => [
      resolution.effective?.limit ?? null,
      validUntil,
      hasAnything,
      hasActiveSubscription,
    ]),
    [
      [null, null, false, false],
      [null, null, false, false],
      [wholeUnits(5), now + 7 * 86_400_000, true, false],
      [null, null, true, false],
    ],
  )
  assert.deepEqual(await readEffectiveEntitlements(app.db.read, [], { now }), [])
})
