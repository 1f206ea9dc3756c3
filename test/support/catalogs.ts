import fc from 'fast-check'
import type { Catalog } from '../../src/api.gen.ts'

/** A catalog that uses every field. */
export const FULL: Catalog = {
  features: [
    {
      id: 'calls',
      displayName: 'Calls',
      featureType: 'NUMBER',
      meterType: 'INCREMENTAL',
      description: 'Calls of the API',
      featureUnits: 'call',
      featureUnitsPlural: 'calls',
      unitTransformation: {
        divide: 1000,
        round: 'DOWN',
        featureUnits: 'k',
        featureUnitsPlural: 'k',
      },
      meter: {
        aggregation: { function: 'SUM', field: 'amount' },
        filters: [
          {
            conditions: [
              { field: 'event_name', operation: 'EQUALS', value: '' },
              { field: 'region', operation: 'IN', values: ['us', 'eu'] },
              { field: 'user', operation: 'IS_NOT_NULL' },
            ],
          },
        ],
      },
      metadata: { team: 'api' },
    },
    {
      id: 'region',
      displayName: 'Region',
      featureType: 'ENUM',
      enumConfiguration: [
        { value: 'us', displayName: 'America' },
        { value: 'eu', displayName: 'Europe' },
      ],
    },
    { id: 'seats', displayName: 'Seats', featureType: 'NUMBER', meterType: 'FLUCTUATING' },
    { id: 'sso', displayName: 'Single sign-on', featureType: 'BOOLEAN' },
    { id: 'voice', displayName: 'Voice', featureType: 'BOOLEAN' },
  ],
  currencies: [
    {
      id: 'tokens',
      displayName: 'Tokens',
      description: 'For models',
      symbol: 'T',
      units: { singular: 'token', plural: 'tokens' },
      metadata: { vendor: 'none' },
    },
  ],
  products: [
    {
      id: 'assistant',
      displayName: 'Assistant',
      description: 'Answers',
      multipleSubscriptions: true,
      productSettings: {
        subscriptionStartSetup: 'FREE_PLAN',
        subscriptionStartPlanId: 'free',
        subscriptionEndSetup: 'DOWNGRADE_TO_FREE',
        downgradePlanId: 'free',
        subscriptionCancellationTime: 'END_OF_BILLING_PERIOD',
        prorateAtEndOfBillingPeriod: false,
      },
      usageResetCutoffRule: { behavior: 'NEVER_RESET' },
      metadata: { team: 'apps' },
      plans: [
        { id: 'a-team', displayName: 'Team', pricingType: 'PAID', parentPlanId: 'pro' },
        {
          id: 'enterprise',
          displayName: 'Enterprise',
          pricingType: 'CUSTOM',
          entitlements: [
            { id: 'tokens', type: 'CREDIT', cadence: 'MONTH', isCustom: true },
            { id: 'calls', type: 'FEATURE', resetPeriod: 'YEAR', isCustom: true },
          ],
        },
        {
          id: 'free',
          displayName: 'Free',
          pricingType: 'FREE',
          entitlements: [
            {
              id: 'calls',
              type: 'FEATURE',
              usageLimit: 1000,
              resetPeriod: 'MONTH',
              monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
            },
            { id: 'region', type: 'FEATURE', enumValues: ['eu', 'us'] },
            { id: 'seats', type: 'FEATURE', usageLimit: 1 },
            { id: 'tokens', type: 'CREDIT', amount: 10, cadence: 'MONTH' },
          ],
        },
        {
          id: 'pro',
          displayName: 'Pro',
          pricingType: 'PAID',
          description: 'For one',
          billingId: 'price_1',
          parentPlanId: 'free',
          compatibleAddonIds: ['extra', 'support'],
          defaultTrialConfig: {
            duration: 14,
            units: 'DAY',
            trialEndBehavior: 'CONVERT_TO_PAID',
            budget: { hasSoftLimit: true, limit: 5 },
          },
          entitlements: [
            { id: 'sso', type: 'FEATURE' },
            {
              id: 'calls',
              type: 'FEATURE',
              usageLimit: 5000,
              hasSoftLimit: true,
              resetPeriod: 'WEEK',
              weeklyResetPeriodConfiguration: { accordingTo: 'EveryMonday' },
              hiddenFromWidgets: ['PAYWALL', 'CHECKOUT'],
              displayNameOverride: 'Requests',
              description: 'In all regions',
            },
            { id: 'seats', type: 'FEATURE', hasUnlimitedUsage: true },
            {
              id: 'tokens',
              type: 'CREDIT',
              amount: 100.5,
              cadence: 'YEAR',
              dependencyFeatureId: 'seats',
              hasSoftLimit: true,
            },
          ],
          metadata: { tier: '2' },
        },
      ],
      addons: [
        { id: 'extra', displayName: 'Extra', pricingType: 'PAID', dependencies: ['support'] },
        {
          id: 'support',
          displayName: 'Support',
          pricingType: 'PAID',
          description: 'By phone',
          billingId: 'price_2',
          maxQuantity: 3,
          entitlements: [
            { id: 'seats', type: 'FEATURE', usageLimit: 5, behavior: 'Override' },
            { id: 'sso', type: 'FEATURE', isGranted: false },
          ],
          metadata: { tier: '1' },
        },
      ],
    },
    { id: 'plain', displayName: 'Plain' },
  ],
}

const text = fc.constantFrom('', 'one', 'two', 'three')
const name = fc.constantFrom('One', 'Two')
const metadata = fc.dictionary(fc.constantFrom('a', 'b', 'c'), text, { maxKeys: 3 })
const optional = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [] })
const subset = <T>(list: readonly T[]) => fc.subarray([...list])

const featureOf = (id: string) => {
  const common = optional({ description: text, featureUnits: text, metadata })
  const of = (kind: object, more: fc.Arbitrary<object> = fc.constant({})) =>
    fc.tuple(common, name, more).map(([fields, displayName, others]) => ({
      ...{ id, displayName, ...kind, ...fields, ...others },
    }))
  const transformed = optional({
    unitTransformation: fc.record({ divide: fc.constantFrom(1, 10), featureUnits: text }),
  })
  const value = (each: string) => ({ value: each, displayName: each })
  // A value that a version gives is never removed.
  const values = fc
    .tuple(fc.subarray(['us', 'ap']), fc.boolean())
    .map(([list, isFirst]) => (isFirst ? ['eu', ...list] : [...list, 'eu']))
    .map((list) => ({ enumConfiguration: list.map(value) }))
  // The type of an id never changes.
  if (id === 'choice') return of({ featureType: 'ENUM' }, values)
  if (id === 'switch') return of({ featureType: 'BOOLEAN' })
  const meter = fc.constantFrom('x', 'y').map((by) => ({
    meter: {
      aggregation: { function: 'COUNT' as const },
      filters: [{ conditions: [{ field: 'name', operation: 'EQUALS' as const, value: by }] }],
    },
  }))
  const metered = fc.tuple(transformed, meter).map(([one, other]) => ({ ...one, ...other }))
  return of({ featureType: 'NUMBER', meterType: 'INCREMENTAL' }, metered)
}

const currencyOf = (id: string) =>
  fc
    .tuple(name, optional({ description: text, symbol: text, metadata }))
    .map(([displayName, fields]) => ({ id, displayName, ...fields }))

/** Plans name only earlier plans as parents, in one of two orders, so that links can turn round. */
function productOf(id: string) {
  const common = optional({ description: text, billingId: text, metadata })
  const addonIds = ['one', 'two'].map((each) => `${id}-${each}`)
  const planIds = ['a', 'b', 'c'].map((each) => `${id}-${each}`)
  return fc
    .record({
      orders: fc.tuple(fc.boolean(), fc.boolean()),
      addons: subset(addonIds),
      plans: subset(planIds),
      parents: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      needs: fc.boolean(),
      fields: fc.array(fc.tuple(name, common), { minLength: 5, maxLength: 5 }),
      trial: fc.boolean(),
      quantity: fc.constantFrom(undefined, 1, 2),
      starts: fc.boolean(),
      own: optional({ description: text, metadata, multipleSubscriptions: fc.boolean() }),
      displayName: name,
    })
    .map((drawn) => {
      const turned = <T>(list: readonly T[], isTurned: boolean) =>
        isTurned ? list.toReversed() : [...list]
      const [plans, addons] = [
        turned(drawn.plans, drawn.orders[0]),
        turned(drawn.addons, drawn.orders[1]),
      ]
      const fieldsOf = (index: number) => {
        const [displayName, fields] = drawn.fields[index] ?? ['One', {}]
        return { displayName, pricingType: 'PAID' as const, ...fields }
      }
      return {
        id,
        displayName: drawn.displayName,
        ...drawn.own,
        ...(drawn.starts && plans[0] !== undefined
          ? {
              productSettings: {
                subscriptionStartSetup: 'TRIAL_PERIOD' as const,
                subscriptionStartPlanId: plans[0],
                subscriptionEndSetup: 'CANCEL_SUBSCRIPTION' as const,
                subscriptionCancellationTime: 'IMMEDIATE' as const,
              },
            }
          : {}),
        plans: plans.map((each, index) => ({
          id: each,
          ...fieldsOf(index),
          ...(index > 0 && drawn.parents[index] ? { parentPlanId: plans[index - 1] } : {}),
          ...(drawn.needs ? { compatibleAddonIds: addons } : {}),
          ...(drawn.trial ? { defaultTrialConfig: { duration: 7, units: 'DAY' as const } } : {}),
        })),
        addons: addons.map((each, index) => ({
          id: each,
          ...fieldsOf(3 + index),
          ...(index > 0 && drawn.needs ? { dependencies: addons.slice(0, index) } : {}),
          ...(drawn.quantity === undefined ? {} : { maxQuantity: drawn.quantity }),
        })),
      }
    })
}

/** Returns some of the objects in any order. */
const some = <T>(all: readonly fc.Arbitrary<T>[]) =>
  fc.tuple(...all).chain((list) => fc.shuffledSubarray(list))

const feature = (id: string, more: fc.Arbitrary<object>) =>
  more.map((fields) => ({ id, type: 'FEATURE' as const, ...fields }))
const shown = optional({ description: text, isGranted: fc.constant(true) })
const limited = fc
  .tuple(
    fc.constantFrom<object>({ usageLimit: 5 }, { usageLimit: 0 }, { hasUnlimitedUsage: true }),
    fc.constantFrom<object>(
      {},
      { resetPeriod: 'DAY', hasSoftLimit: true },
      { resetPeriod: 'WEEK', weeklyResetPeriodConfiguration: { accordingTo: 'EverySunday' } },
      { resetPeriod: 'WEEK', weeklyResetPeriodConfiguration: { accordingTo: 'SubscriptionStart' } },
    ),
    shown,
  )
  .map(([limit, reset, more]) => ({ ...limit, ...reset, ...more }))
const credits = (id: string) =>
  fc.constantFrom(10, 0.5).map((amount) => ({
    ...{ id, type: 'CREDIT' as const, amount },
    cadence: 'MONTH' as const,
  }))
const entitlements = some<object>([
  feature('choice', fc.constantFrom({ enumValues: ['eu'] }, { isGranted: false })),
  feature('switch', shown),
  feature('metered', limited),
  credits('gold'),
  credits('silver'),
])

/** Gives packages some of the features and currencies of their catalog. */
function withEntitlements(catalog: Catalog, lists: readonly (readonly object[])[]): Catalog {
  const { features = [], currencies = [], products = [] } = catalog
  const known = new Set([...features, ...currencies].map(({ id }) => id))
  const listAt = (index: number) =>
    (lists[index] ?? []).filter((each) => known.has((each as { id: string }).id))
  const given = <T>(packages: readonly T[] | undefined, from: number): T[] =>
    (packages ?? []).map((each, index) => ({ ...each, entitlements: listAt(from + index) }))
  return {
    ...catalog,
    products: products.map((each, index) => ({
      ...each,
      plans: given(each.plans, index * 5),
      addons: given(each.addons, index * 5 + 3),
    })),
  }
}

/** Catalogs without mistakes, such that each can follow each other one. */
export const catalogs = fc
  .tuple(
    fc.record({
      features: some(['choice', 'switch', 'metered'].map(featureOf)),
      currencies: some(['gold', 'silver'].map(currencyOf)),
      products: some(['app', 'site'].map(productOf)),
    }) as fc.Arbitrary<Catalog>,
    fc.array(entitlements, { minLength: 10, maxLength: 10 }),
  )
  .map(([catalog, lists]) => withEntitlements(catalog, lists))
