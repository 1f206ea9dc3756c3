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
        { id: 'free', displayName: 'Free', pricingType: 'FREE' },
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
  const values = fc
    .subarray(['eu', 'us', 'ap'], { minLength: 1 })
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

/** Catalogs without mistakes, such that each can follow each other one. */
export const catalogs = fc.record({
  features: some(['choice', 'switch', 'metered'].map(featureOf)),
  currencies: some(['gold', 'silver'].map(currencyOf)),
  products: some(['app', 'site'].map(productOf)),
}) as fc.Arbitrary<Catalog>
