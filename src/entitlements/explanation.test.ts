import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acme, furnishFeatures, grantItem, grantTo } from '../../test/support/grants.ts'
import { NOW, openWorld } from '../../test/support/world.ts'
import { instantFromWire } from '../kernel/clock.ts'

const world = await openWorld()
const EXPLAIN = 'v1.customers.explainEntitlement'

async function openTenant() {
  world.clock.moveTo(instantFromWire(NOW))
  const tenant = await world.tenant()
  await furnishFeatures(tenant)
  const explained = async (query: string, id = 'acme') =>
    (await tenant.ok(EXPLAIN, { params: { id }, query })).data
  return { tenant, explained }
}

const none = { usageLimit: null, hasUnlimitedUsage: false, hasSoftLimit: false, enumValues: null }

test('an explanation contains the result of the check and its reasons', async () => {
  const { tenant, explained } = await openTenant()
  const [grant] = (await grantTo(tenant, [grantItem('seats', { usageLimit: 10 })])).data
  const query = 'featureId=seats&requestedUsage=11'
  const { rule, sources, counterfactual, ...answer } = await explained(query)
  const { data } = await tenant.ok('v1.customers.checkEntitlement', { ...acme, query })
  const noBudgets = { chains: [], unresolved: [], unattributed: [], holds: 0, isLevel: true }
  assert.deepEqual(answer, { ...data, ...noBudgets })
  assert.equal(rule, 'HardLimit')
  assert.deepEqual(sources, [
    {
      kind: 'PROMOTIONAL',
      id: grant?.id,
      version: null,
      quantity: 1,
      subscriptionId: null,
      behavior: 'Increment',
      contributes: { ...none, usageLimit: 10 },
      wins: true,
    },
  ])
  assert.deepEqual(counterfactual, [
    [{ change: 'requestedUsage', to: 10 }],
    [{ change: 'usageLimit', to: 11 }],
  ])
})

test('an explanation contains the ways to the opposite result', async () => {
  const { tenant, explained } = await openTenant()
  await grantTo(tenant, [
    grantItem('sso'),
    grantItem('region', { enumValues: ['eu'] }),
    grantItem('retention', { usageLimit: 30 }),
    grantItem('calls', { hasUnlimitedUsage: true }),
  ])
  const revoked = [[{ change: 'entitlement', to: 'REVOKED' }]]
  const ways: readonly (readonly [string, string, unknown])[] = [
    ['featureId=sso', 'BooleanFeature', revoked],
    ['featureId=calls', 'UnlimitedUsage', revoked],
    [
      'featureId=sso&requestedUsage=1',
      'FeatureTypeMismatch',
      [[{ change: 'requestedUsage', to: null }]],
    ],
    ['featureId=region&requestedValues=eu', 'EnumValues', revoked],
    [
      'featureId=region&requestedValues=eu,us',
      'EnumValues',
      [[{ change: 'requestedValues', to: ['eu'] }], [{ change: 'enumValues', to: ['eu', 'us'] }]],
    ],
    [
      'featureId=retention&requestedUsage=30',
      'PlainNumber',
      [[{ change: 'requestedUsage', to: 31 }], [{ change: 'usageLimit', to: 29 }]],
    ],
    ['featureId=seats', 'NoActiveSubscription', [[{ change: 'entitlement', to: 'GRANTED' }]]],
    [
      'featureId=nothing',
      'FeatureNotFound',
      [
        [
          { change: 'feature', to: 'KNOWN' },
          { change: 'entitlement', to: 'GRANTED' },
        ],
      ],
    ],
  ]
  for (const [query, rule, counterfactual] of ways) {
    const told = await explained(query)
    assert.deepEqual([told.rule, told.counterfactual], [rule, counterfactual], query)
  }
  assert.deepEqual((await explained('featureId=sso', 'nobody')).counterfactual, [
    [
      { change: 'customer', to: 'ACTIVE' },
      { change: 'entitlement', to: 'GRANTED' },
    ],
  ])
})

test('an explanation of credits names the missing balance', async () => {
  const { tenant, explained } = await openTenant()
  const body = {
    id: 'tokens',
    displayName: 'Tokens',
    units: { singular: 'token', plural: 'tokens' },
  }
  await tenant.ok('v1.credits.customCurrencies.create', { body })
  const { type, rule, sources, counterfactual } = await explained(
    'currencyId=tokens&requestedUsage=5',
  )
  assert.deepEqual(
    [type, rule, sources, counterfactual],
    ['CREDIT', 'CreditBalance', [], [[{ change: 'balance', to: 5 }]]],
  )
  assert.deepEqual(
    (await explained('currencyId=tokens&requestedValues=x', 'nobody')).counterfactual,
    [
      [
        { change: 'customer', to: 'ACTIVE' },
        { change: 'requestedValues', to: null },
        { change: 'balance', to: 1 },
      ],
    ],
  )
})
