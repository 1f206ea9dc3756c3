import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FULL } from '../../../test/support/catalogs.ts'
import type {
  Catalog,
  CatalogAddon,
  CatalogCreditEntitlement,
  CatalogFeature,
  CatalogFeatureEntitlement,
  CatalogPlan,
} from '../../api.gen.ts'
import type { CatalogEntitlement } from './canonical-entitlement.ts'
import { findMistakes } from './find-mistakes.ts'

const feature = (id: string, more: Partial<CatalogFeature>): CatalogFeature => ({
  id,
  displayName: id,
  featureType: 'NUMBER',
  ...more,
})
const plan = (id: string, more: Partial<CatalogPlan> = {}): CatalogPlan => ({
  id,
  displayName: id,
  pricingType: 'PAID',
  ...more,
})
const addon = (id: string, more: Partial<CatalogAddon> = {}): CatalogAddon => ({
  id,
  displayName: id,
  pricingType: 'PAID',
  ...more,
})
const features = (...list: CatalogFeature[]): Catalog => ({ features: list })
const product = (plans: CatalogPlan[], addons: CatalogAddon[] = [], more = {}): Catalog => ({
  products: [{ id: 'app', displayName: 'App', plans, addons, ...more }],
})
const ending = (end: object) => ({
  productSettings: {
    subscriptionStartSetup: 'PLAN_SELECTION',
    subscriptionEndSetup: 'CANCEL_SUBSCRIPTION',
    subscriptionCancellationTime: 'IMMEDIATE',
    ...end,
  },
})

const LARGE = { a: 'x'.repeat(1_048_576) }
const gold = { currencies: [{ id: 'gold', displayName: 'Gold' }] }
/** A catalog with a plan that gives something of a number, a switch, a choice and a currency. */
const giving = (...entitlements: CatalogEntitlement[]): Catalog => ({
  ...features(
    feature('n', { meterType: 'INCREMENTAL' }),
    feature('b', { featureType: 'BOOLEAN' }),
    feature('e', { featureType: 'ENUM', enumConfiguration: [{ value: 'x', displayName: 'X' }] }),
  ),
  ...gold,
  ...product([plan('a', { entitlements })]),
})
const of = (id: string, more: Partial<CatalogFeatureEntitlement> = {}) => ({
  ...{ id, type: 'FEATURE' as const },
  ...more,
})
const credit = (id: string, more: Partial<CatalogCreditEntitlement> = {}) => ({
  ...{ id, type: 'CREDIT' as const, cadence: 'MONTH' as const },
  ...more,
})
const row = (index: number, field: string) => `products/0/plans/0/entitlements/${index}/${field}`

/** A catalog, and the places of all of its mistakes. */
const CASES: readonly [why: string, catalog: Catalog, ...places: string[]][] = [
  ['no mistake', FULL],
  ['nothing', {}],
  ['an id twice', features(feature('a', {}), feature('a', {})), 'features/1/id'],
  [
    'currencies with one id',
    { currencies: ['a', 'b', 'a'].map((id) => ({ id, displayName: id })) },
    'currencies/2/id',
  ],
  [
    'a meter type of a switch, and values of a number',
    features(
      feature('a', { featureType: 'BOOLEAN', meterType: 'INCREMENTAL' }),
      feature('b', { enumConfiguration: [{ value: 'x', displayName: 'X' }] }),
      feature('c', { featureType: 'ENUM' }),
      feature('d', { featureType: 'ENUM', unitTransformation: { divide: 10 } }),
    ),
    'features/0/meterType',
    'features/1/enumConfiguration',
    'features/2/enumConfiguration',
    'features/3/enumConfiguration',
  ],
  [
    'a meter without its feature, and meters that are incomplete',
    features(
      feature('a', { meter: { aggregation: { function: 'COUNT' }, filters: [] } }),
      feature('b', {
        meterType: 'INCREMENTAL',
        meter: { aggregation: { function: 'SUM' }, filters: [] },
      }),
      feature('c', {
        meterType: 'INCREMENTAL',
        meter: {
          aggregation: { function: 'COUNT' },
          filters: [{ conditions: [{ field: 'x', operation: 'IN', value: 'y' }] }],
        },
      }),
    ),
    'features/0/meter',
    'features/1/meter/aggregation/field',
    'features/2/meter/filters/0/conditions/0/value',
  ],
  [
    'unknown parents and add-ons, each at its place',
    product(
      [plan('a', { parentPlanId: 'x', compatibleAddonIds: ['s', 'y', 'z'] })],
      [addon('s', { dependencies: ['q'] })],
    ),
    'products/0/plans/0/parentPlanId',
    'products/0/plans/0/compatibleAddonIds/1',
    'products/0/plans/0/compatibleAddonIds/2',
    'products/0/addons/0/dependencies/0',
  ],
  [
    'a plan as an add-on, an add-on as a plan',
    product([plan('a', { parentPlanId: 's', compatibleAddonIds: ['a'] })], [addon('s')]),
    'products/0/plans/0/parentPlanId',
    'products/0/plans/0/compatibleAddonIds/0',
  ],
  [
    'a cycle of three plans, and a plan that inherits from it',
    product([
      plan('a', { parentPlanId: 'c' }),
      plan('b', { parentPlanId: 'a' }),
      plan('c', { parentPlanId: 'b' }),
      plan('d', { parentPlanId: 'a' }),
      plan('e', { parentPlanId: 'e' }),
    ]),
    'products/0/plans/0/parentPlanId',
    'products/0/plans/1/parentPlanId',
    'products/0/plans/2/parentPlanId',
    'products/0/plans/4/parentPlanId',
  ],
  [
    'add-ons that need each other',
    product([], [addon('a', { dependencies: ['b'] }), addon('b', { dependencies: ['a'] })]),
    'products/0/addons/0/dependencies/0',
    'products/0/addons/1/dependencies/0',
  ],
  [
    'an add-on twice in a list',
    product([plan('a', { compatibleAddonIds: ['s', 's'] })], [addon('s')]),
    'products/0/plans/0/compatibleAddonIds/1',
  ],
  [
    'add-ons of a FREE plan, and a CUSTOM one of a PAID plan',
    product(
      [
        plan('a', { pricingType: 'FREE', compatibleAddonIds: ['s'] }),
        plan('b', { compatibleAddonIds: ['t'] }),
      ],
      [addon('s'), addon('t', { pricingType: 'CUSTOM' })],
    ),
    'products/0/plans/0/compatibleAddonIds/0',
    'products/0/plans/1/compatibleAddonIds/0',
  ],
  [
    'a chain of 12 plans',
    product(
      Array.from({ length: 12 }, (_, index) =>
        plan(`p${index}`, index === 0 ? {} : { parentPlanId: `p${index - 1}` }),
      ),
    ),
    // The rule looks at the longest chain of the product.
    ...Array.from({ length: 11 }, (_, index) => `products/0/plans/${index + 1}/parentPlanId`),
  ],
  [
    'a plan with the id of an add-on of another product',
    {
      products: [
        { id: 'app', displayName: 'App', plans: [plan('a')] },
        { id: 'site', displayName: 'Site', addons: [addon('a')] },
      ],
    },
    'products/1/addons/0/id',
  ],
  [
    'settings with a plan that is unknown, and one that is missing',
    product(
      [plan('a')],
      [],
      ending({
        subscriptionStartSetup: 'TRIAL_PERIOD',
        subscriptionStartPlanId: 'x',
        subscriptionEndSetup: 'DOWNGRADE_TO_FREE',
      }),
    ),
    'products/0/productSettings/subscriptionStartPlanId',
    'products/0/productSettings/downgradePlanId',
  ],
  [
    'a downgrade to a plan that is not FREE',
    product(
      [plan('a')],
      [],
      ending({ subscriptionEndSetup: 'DOWNGRADE_TO_FREE', downgradePlanId: 'a' }),
    ),
    'products/0/productSettings/downgradePlanId',
  ],
  [
    'unknown features and currencies, and a feature as a currency',
    giving(of('x'), of('gold'), credit('n', { amount: 1, dependencyFeatureId: 'y' })),
    row(0, 'id'),
    row(1, 'id'),
    row(2, 'id'),
    row(2, 'dependencyFeatureId'),
  ],
  [
    'entitlements twice, and a currency with the id of a feature',
    {
      ...giving(of('b'), of('b'), credit('b', { amount: 1 }), credit('b', { amount: 1 })),
      currencies: [{ id: 'b', displayName: 'B' }],
    },
    row(1, 'id'),
    row(3, 'id'),
  ],
  [
    'what a feature of the type does not have',
    giving(
      of('b', { usageLimit: 1, enumValues: ['x'], resetPeriod: 'DAY' }),
      of('e', { hasSoftLimit: true, enumValues: ['y', 'x', 'z'] }),
      credit('gold', { amount: 1, dependencyFeatureId: 'e' }),
    ),
    row(0, 'usageLimit'),
    row(0, 'enumValues'),
    row(0, 'resetPeriod'),
    row(1, 'hasSoftLimit'),
    row(1, 'enumValues/0'),
    row(1, 'enumValues/2'),
    row(2, 'dependencyFeatureId'),
  ],
  [
    'amounts that are missing, or that a custom entitlement has',
    giving(of('n'), of('e'), credit('gold')),
    row(0, 'usageLimit'),
    row(1, 'enumValues'),
    row(2, 'amount'),
  ],
  ['too many digits', giving(credit('gold', { amount: 0.12345678901 })), row(0, 'amount')],
  [
    'custom values and overrides in a PAID plan',
    giving(of('n', { behavior: 'Override', isCustom: true, usageLimit: 1 })),
    row(0, 'behavior'),
    row(0, 'isCustom'),
    row(0, 'usageLimit'),
  ],
  [
    'configurations of other reset periods',
    giving(
      of('n', {
        usageLimit: 1,
        resetPeriod: 'WEEK',
        yearlyResetPeriodConfiguration: { accordingTo: 'SubscriptionStart' },
        monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
        weeklyResetPeriodConfiguration: { accordingTo: 'EveryMonday' },
      }),
    ),
    row(0, 'yearlyResetPeriodConfiguration'),
    row(0, 'monthlyResetPeriodConfiguration'),
  ],
  [
    'a budget of a trial with too many digits',
    product([
      plan('a', {
        defaultTrialConfig: {
          ...{ duration: 7, units: 'DAY' },
          budget: { hasSoftLimit: false, limit: 0.12345678901 },
        },
      }),
    ]),
    'products/0/plans/0/defaultTrialConfig/budget/limit',
  ],
  [
    'metadata of more than 1 MB',
    {
      ...features(feature('a', { metadata: LARGE })),
      currencies: [{ id: 'a', displayName: 'A', metadata: LARGE }],
      ...product([plan('a', { metadata: LARGE })], [addon('b', { metadata: LARGE })], {
        metadata: LARGE,
      }),
    },
    'features/0/metadata',
    'currencies/0/metadata',
    'products/0/metadata',
    'products/0/plans/0/metadata',
    'products/0/addons/0/metadata',
  ],
  [
    'more entitlements than one document can have',
    product(
      Array.from({ length: 21 }, (_, index) =>
        plan(`p${index}`, { entitlements: Array.from({ length: 1000 }, () => of('x')) }),
      ),
    ),
    'products',
  ],
  [
    'too much text together',
    {
      ...features(
        ...Array.from({ length: 999 }, (_, index) => feature(`f${index}`, { meterType: 'None' })),
      ),
      ...product([
        plan('a', {
          entitlements: Array.from({ length: 999 }, (_, index) =>
            of(`f${index}`, {
              description: 'x'.repeat(255),
              displayNameOverride: 'x'.repeat(255),
            }),
          ),
        }),
      ]),
    },
    'products/0/plans/0/entitlements',
  ],
]

for (const [why, catalog, ...places] of CASES)
  test(`all mistakes are found: ${why}`, () => {
    const found = findMistakes(catalog)
    assert.deepEqual(
      found.map(({ place }) => place.join('/')),
      places,
      JSON.stringify(found),
    )
    for (const { message } of found) assert.match(message, /\S/)
  })

test('no more mistakes are looked for than are listed', () => {
  const wrong = of('x', { behavior: 'Override', isCustom: true })
  const plans = Array.from({ length: 4 }, (_, index) =>
    plan(`p${index}`, { entitlements: Array.from({ length: 400 }, () => wrong) }),
  )
  const { length } = findMistakes({ ...product(plans) })
  assert.ok(length >= 1000 && length < 4 * 400 + 1000, String(length))
})

test('objects that violate the schema are known by their ids, and not looked into', () => {
  const broken = {
    features: [null, 7, { id: 'f' }],
    currencies: { not: 'a list' },
    products: [
      {
        id: 'app',
        plans: [
          { id: 'a', parentPlanId: 7, entitlements: 'x' },
          { ...plan('b', { parentPlanId: 'a' }), entitlements: [null, { id: 'f' }, 'x'] },
        ],
      },
      null,
    ],
  } as unknown as Catalog
  const sound = (place: readonly (string | number)[]) => place.join('/') === 'products/0/plans/1'
  assert.deepEqual(findMistakes(broken, sound), [])
  assert.deepEqual(
    findMistakes({ products: 'x' } as unknown as Catalog, () => false),
    [],
  )
})
