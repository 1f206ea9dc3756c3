import fc from 'fast-check'
import type { Reset, UnknownDimensions } from './model/state.ts'
import type { BudgetInput } from './model/structure.ts'
import type { Dimensions } from './model/tree.ts'
import type { EventMove, Move, Overage, Unit, UsageMove } from './moves.ts'
import { CURRENCY, CUSTOMERS, ENTITIES, KEYS, TYPES, UNKNOWN_CUSTOMER } from './scene.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
/** Like `fc.record`, but makes plain objects, which failures show in a readable form. */
export const record = <T>(fields: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
  fc.record(fields, { noNullPrototype: true })
/** Mostly the first, sometimes the second. A refused part hides everything else of a request. */
const mostly = <T>(usual: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: seldom })

/** Entities that have budgets from the beginning are more frequent. */
const entityId = oneOf('ann', 'ann', 'bob', 'eng', 'eng', 'large', ...Object.keys(ENTITIES))
const customerId = oneOf(CUSTOMERS[0], CUSTOMERS[0], CUSTOMERS[0], CUSTOMERS[1])
const anyCustomerId = mostly<string>(customerId, fc.constant(UNKNOWN_CUSTOMER))
const reported = mostly(oneOf('tokens', 'tokens', 'seats'), oneOf('calls', 'sso', 'nothing'))
const budgeted = mostly(
  oneOf('tokens', 'tokens', 'tokens', 'seats', 'calls', 'european', 'spend'),
  oneOf('peak', 'sso', 'nothing'),
)
const CADENCES = ['PT1M', 'PT15M', 'PT1H', 'P1D', 'P1W', 'P10D', 'P1M', 'P3M', 'P1Y', 'MONTH']
const cadence = mostly(oneOf(...CADENCES), oneOf('P1M10D', 'monthly', 'PT30S', 'P11Y'))
const limit = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 15 }) },
  { weight: 1, arbitrary: oneOf(0, 0.5, 7.25) },
)

/** Mostly in the past, sometimes in the future, and sometimes further than is allowed. */
const since = fc.oneof(
  { weight: 5, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: fc.integer({ min: -2 * HOUR, max: HOUR }) },
  { weight: 2, arbitrary: fc.integer({ min: -40 * DAY, max: 0 }) },
  { weight: 1, arbitrary: mostly(oneOf(HOUR, 0, -1, -400 * DAY), fc.constant(HOUR + 1)) },
)

const dimensionsOf = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc.dictionary(mostly(oneOf<string>(...KEYS), oneOf('agentId', 'region')), value, {
    maxKeys: 3,
    noNullPrototype: true,
  })
/** Mostly, the value of each key is the id of an entity of its type. */
const fitting = fc
  .uniqueArray(entityId, { minLength: 1, maxLength: 3 })
  .map((ids) => Object.fromEntries(ids.map((id) => [keyOf(id), id])))
const keyOf = (id: string): string =>
  TYPES[ENTITIES[id as keyof typeof ENTITIES] as keyof typeof TYPES]
export const textual = mostly(
  fitting as fc.Arbitrary<Record<string, string>>,
  dimensionsOf(mostly(entityId, fc.constant('zoe'))),
)
const scalar: fc.Arbitrary<Dimensions> = mostly(
  textual as fc.Arbitrary<Dimensions>,
  dimensionsOf<string | number | boolean>(oneOf<string | number | boolean>('ann', 7, true, 7.5)),
)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 6, nil: null })

export const row: fc.Arbitrary<BudgetInput> = fc
  .record({
    entityId: mostly(entityId, fc.constant('zoe')),
    capability: fc.oneof(
      { weight: 9, arbitrary: budgeted.map((featureId) => ({ featureId })) },
      { weight: 1, arbitrary: fc.constant({ currencyId: CURRENCY }) },
    ),
    scope: fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      {
        weight: 1,
        arbitrary: record({ scopeEntityIds: fc.array(entityId, { maxLength: 2 }) }),
      },
    ),
    limit: fc.oneof(
      { weight: 12, arbitrary: record({ usageLimit: maybe(limit) }) },
      { weight: 1, arbitrary: fc.constant({}) },
    ),
    cadence: fc.oneof(
      { weight: 12, arbitrary: record({ cadence }) },
      { weight: 1, arbitrary: fc.constant({}) },
    ),
    place: fc.oneof(
      { weight: 1, arbitrary: fc.constant({}) },
      { weight: 2, arbitrary: record({ parentId: maybe(entityId) }) },
    ),
  })
  .map(({ entityId: id, capability, scope, limit: most, cadence: often, place }) => ({
    entityId: id,
    ...capability,
    ...scope,
    ...most,
    ...often,
    ...place,
  }))

const reset: fc.Arbitrary<Reset | null> = oneOf<Reset | null>(
  null,
  { unit: 'HOUR', accordingTo: 'SubscriptionStart' },
  { unit: 'DAY', accordingTo: 'SubscriptionStart' },
  { unit: 'WEEK', accordingTo: 'EveryMonday' },
  { unit: 'WEEK', accordingTo: 'SubscriptionStart' },
  { unit: 'MONTH', accordingTo: 'StartOfTheMonth' },
  { unit: 'MONTH', accordingTo: 'SubscriptionStart' },
  { unit: 'YEAR', accordingTo: 'SubscriptionStart' },
)

const key = oneOf('k0', 'k1', 'k2', 'k3', 'k4', 'k5')
export const use = {
  customerId: anyCustomerId,
  featureId: reported,
  amount: oneOf(0.25, 0.1 + 0.2, 1, 2, 3, 1.1 * 3, 5, 7, 8.5, 20),
  key,
  sinceMs: fc.oneof(
    { weight: 12, arbitrary: fc.constant(null) },
    { weight: 2, arbitrary: fc.integer({ min: -5 * MINUTE, max: 5 * MINUTE }) },
    { weight: 1, arbitrary: oneOf(-5 * MINUTE - 1, -5 * MINUTE, 5 * MINUTE, 5 * MINUTE + 1) },
    { weight: 1, arbitrary: since },
  ),
  dimensions: maybe(scalar),
}
const which = fc.nat({ max: 5 })

export const usage: fc.Arbitrary<UsageMove> = record({
  customerId: anyCustomerId,
  featureId: reported,
  value: fc.oneof(
    { weight: 5, arbitrary: fc.nat({ max: 12 }) },
    { weight: 1, arbitrary: fc.integer({ min: -12, max: 60 }) },
  ),
  isSet: fc.oneof(
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  sinceMs: since,
  key: maybe(key),
  dimensions: maybe(scalar),
})

export const event: fc.Arbitrary<EventMove> = record({
  customerId: anyCustomerId,
  sinceMs: since,
  key,
  dimensions: fc
    .tuple(
      scalar,
      fc.record(
        { region: oneOf('eu', 'us'), amount: oneOf<string | number>(0.5, 1, 4, -2, 'much') },
        { requiredKeys: [], noNullPrototype: true },
      ),
    )
    .map(([attributed, measured]) => ({ ...attributed, ...measured })),
})

/** The kinds of moves with their weights. */
const MOVES: readonly [weight: number, arbitrary: fc.Arbitrary<Move>][] = [
  [
    3,
    record({
      kind: fc.constant('wait'),
      ms: oneOf(1, SECOND, SECOND, 30 * SECOND, MINUTE, HOUR, DAY, 9 * DAY, 40 * DAY),
    }),
  ],
  [
    3,
    record({
      kind: fc.constant('wait until'),
      unit: oneOf<Unit>('MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH'),
      ms: oneOf(0, -1),
    }),
  ],
  [
    1,
    record({
      kind: fc.constant('choose'),
      unknownDimensions: oneOf<UnknownDimensions>('ignore', 'deny'),
    }),
  ],
  [
    1,
    record({
      kind: fc.constant('keys'),
      typeId: oneOf(...Object.keys(TYPES)),
      keys: fc.uniqueArray(oneOf<string>(...KEYS), { maxLength: 2 }),
    }),
  ],
  [
    1,
    record({
      kind: fc.constant('entity'),
      customerId: anyCustomerId,
      id: mostly(entityId, fc.constant('new')),
      entityTypeId: maybe(oneOf(...Object.keys(TYPES))),
    }),
  ],
  [
    3,
    record({
      kind: fc.constant('archive'),
      customerId,
      ids: fc.array(mostly(entityId, fc.constant('zoe')), { minLength: 1, maxLength: 2 }),
      to: fc.boolean(),
    }),
  ],
  [
    1,
    record({
      kind: fc.constant('archive customer'),
      customerId: anyCustomerId,
      to: oneOf(false, false, true),
    }),
  ],
  [
    8,
    record({
      kind: fc.constant('budgets'),
      customerId: anyCustomerId,
      rows: fc.array(row, { minLength: 1, maxLength: 4 }),
    }),
  ],
  [
    2,
    record({
      kind: fc.constant('grant'),
      customerId: anyCustomerId,
      featureId: oneOf('tokens', 'seats', 'calls', 'spend', 'peak', 'people', 'sso'),
      limit: maybe(fc.nat({ max: 60 })),
      soft: oneOf(false, false, true),
      reset,
      endsInMs: fc.option(oneOf(HOUR, DAY, 30 * DAY), { freq: 2, nil: null }),
    }),
  ],
  [
    1,
    record({
      kind: fc.constant('revoke'),
      customerId,
      featureId: oneOf('tokens', 'seats', 'calls'),
    }),
  ],
  [1, record({ kind: fc.constant('meter'), isEuropean: fc.boolean() })],
  [
    10,
    record({
      kind: fc.constant('usage'),
      usages: fc.array(usage, { minLength: 1, maxLength: 3 }),
    }),
  ],
  [
    8,
    record({
      kind: fc.constant('events'),
      events: fc.array(event, { minLength: 1, maxLength: 4 }),
    }),
  ],
  [10, record({ kind: fc.constant('consume'), isForced: oneOf(false, false, true), ...use })],
  [
    8,
    record({
      kind: fc.constant('reserve'),
      ttlSeconds: fc.option(oneOf(1, 60, 3600, 86_400), { nil: null }),
      ...use,
    }),
  ],
  [
    5,
    record({
      kind: fc.constant('commit'),
      which,
      share: oneOf(0, 0.5, 1, 1, 1.5, 4),
      overage: fc.option(oneOf<Overage>('reject', 'allow_if_available', 'allow_overdraft'), {
        nil: null,
      }),
    }),
  ],
  [2, record({ kind: fc.constant('extend'), which, ttlSeconds: oneOf(1, 120, 86_400) })],
  [2, record({ kind: fc.constant('release'), which })],
  [1, record({ kind: fc.constant('look'), which })],
  [
    14,
    record({
      kind: fc.constant('check'),
      customerId: anyCustomerId,
      capability: mostly(budgeted, fc.constant(CURRENCY)),
      requested: maybe(fc.nat({ max: 12 })),
      isBeta: fc.boolean(),
      dimensions: maybe(textual),
    }),
  ],
  [3, record({ kind: fc.constant('read'), customerId })],
  [5, record({ kind: fc.constant('again'), back: fc.nat({ max: 6 }), isRetry: fc.boolean() })],
]

const move: fc.Arbitrary<Move> = fc.oneof(
  ...MOVES.map(([weight, arbitrary]) => ({ weight, arbitrary })),
)

export const history: fc.Arbitrary<Move[]> = fc.array(move, {
  minLength: 1,
  maxLength: 60,
  size: 'max',
})
