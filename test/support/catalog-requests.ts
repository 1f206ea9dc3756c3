import fc from 'fast-check'
import type { Catalog, OperationId } from '../../src/api.gen.ts'

/** An operation on one object of a catalog, and its request. Many are refused. */
export type CatalogRequest = readonly [operation: OperationId, request: Readonly<Request>]
type Request = { params?: Record<string, string>; body?: object }

const id = (...ids: string[]) => fc.constantFrom(...ids)
const params = (each: string): Request => ({ params: { id: each } })

const FEATURES = ['n', 'b', 'e'] as const
const CURRENCIES = ['gold', 'b'] as const
const PRODUCTS = ['app', 'site'] as const
const PLANS = ['p1', 'p2', 'p3'] as const
const ADDONS = ['s1', 's2'] as const

/** What the requests are about. A feature and a currency have one id. */
export const BASIS: Catalog = {
  features: [
    { id: 'n', displayName: 'N', featureType: 'NUMBER', meterType: 'INCREMENTAL' },
    { id: 'b', displayName: 'B', featureType: 'BOOLEAN' },
    {
      ...{ id: 'e', displayName: 'E', featureType: 'ENUM' },
      enumConfiguration: [{ value: 'x', displayName: 'X' }],
    },
  ],
  currencies: CURRENCIES.map((each) => ({ id: each, displayName: each })),
  products: [
    {
      ...{ id: 'app', displayName: 'App' },
      plans: [
        {
          ...{ id: 'p1', displayName: 'P', pricingType: 'PAID' },
          entitlements: [
            { id: 'b', type: 'FEATURE' },
            { id: 'n', type: 'FEATURE', usageLimit: 5 },
          ],
        },
        { id: 'p2', displayName: 'P', pricingType: 'PAID', parentPlanId: 'p1' },
      ],
      addons: [
        {
          ...{ id: 's1', displayName: 'S', pricingType: 'PAID' },
          entitlements: [{ id: 'b', type: 'CREDIT', amount: 2, cadence: 'MONTH' }],
        },
      ],
    },
    { id: 'site', displayName: 'Site' },
  ],
}

const terms = {
  n: fc.constantFrom<object>(
    { usageLimit: 5, resetPeriod: 'MONTH', order: 3 },
    { usageLimit: 7, order: -1.5, description: 'x' },
    { hasUnlimitedUsage: true },
  ),
  b: fc.constantFrom<object>({}, { isGranted: false, hiddenFromWidgets: ['CHECKOUT', 'PAYWALL'] }),
  e: fc.constant({ enumValues: ['x'] }),
}
const entitlement = fc.oneof(
  id(...FEATURES).chain((each) =>
    terms[each as 'n'].map((more) => ({ id: each, type: 'FEATURE', ...more })),
  ),
  id(...CURRENCIES).map((each) => ({ id: each, type: 'CREDIT', amount: 1.5, cadence: 'YEAR' })),
)

/** Requests for plans or add-ons, with changes of their own. */
function ofPackages(
  kind: 'plans' | 'addons',
  ids: readonly string[],
  changes: fc.Arbitrary<object>,
): fc.Arbitrary<CatalogRequest> {
  const each = id(...ids)
  const owner = kind === 'plans' ? 'planId' : 'addonId'
  const fields = { displayName: 'P', pricingType: 'PAID' }
  const publication = { migrationType: 'NEW_CUSTOMERS' }
  const add = fc
    .tuple(each, fc.array(entitlement, { minLength: 1, maxLength: 3 }))
    .map(
      ([of, entitlements]): CatalogRequest => [
        `v1.${kind}.entitlements.create`,
        { params: { [owner]: of }, body: { entitlements } },
      ],
    )
  const remove = fc
    .tuple(each, id(...FEATURES))
    .map(
      ([of, target]): CatalogRequest => [
        `v1.${kind}.entitlements.delete`,
        { params: { [owner]: of, id: target } },
      ],
    )
  const named = (verb: 'createDraft' | 'removeDraft' | 'archive') =>
    each.map((of): CatalogRequest => [`v1.${kind}.${verb}`, params(of)])
  const create = fc
    .tuple(each, id(...PRODUCTS))
    .map(
      ([of, productId]): CatalogRequest => [
        `v1.${kind}.create`,
        { body: { id: of, productId, ...fields } },
      ],
    )
  const update = fc
    .tuple(each, changes)
    .map(([of, body]): CatalogRequest => [`v1.${kind}.update`, { ...params(of), body }])
  const publish = each.map(
    (of): CatalogRequest => [`v1.${kind}.publish`, { ...params(of), body: publication }],
  )
  return fc.oneof(
    { weight: 4, arbitrary: create },
    { weight: 6, arbitrary: update },
    { weight: 8, arbitrary: add },
    { weight: 3, arbitrary: remove },
    { weight: 8, arbitrary: publish },
    { weight: 8, arbitrary: named('createDraft') },
    { weight: 1, arbitrary: fc.oneof(named('removeDraft'), named('archive')) },
  )
}

const plans = ofPackages(
  'plans',
  PLANS,
  fc.oneof(
    id(...PLANS).map((parentPlanId) => ({ parentPlanId })),
    id(...ADDONS).map((each) => ({ compatibleAddonIds: [each] })),
    fc.constant({ description: 'Other', metadata: { a: 'b' } }),
  ),
)
const addons = ofPackages(
  'addons',
  ADDONS,
  fc.oneof(
    id(...ADDONS).map((each) => ({ dependencies: [each] })),
    fc.constant({ maxQuantity: 2 }),
  ),
)
const others = fc.oneof(
  fc
    .tuple(fc.constantFrom('archiveFeature', 'unarchiveFeature'), id(...FEATURES))
    .map(([verb, each]): CatalogRequest => [`v1.features.${verb}`, params(each)]),
  fc
    .tuple(fc.constantFrom('archive', 'unarchive'), id(...CURRENCIES))
    .map(
      ([verb, each]): CatalogRequest => [
        `v1.credits.customCurrencies.${verb}`,
        { params: { currencyId: each } },
      ],
    ),
  fc
    .tuple(fc.constantFrom('archiveProduct', 'unarchiveProduct', 'unarchiveProduct'), id('app'))
    .map(([verb, each]): CatalogRequest => [`v1.products.${verb}`, params(each)]),
)

/** Requests for an environment with `BASIS`, and for what they have made. */
export const catalogRequests = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: plans },
    { weight: 3, arbitrary: addons },
    { weight: 1, arbitrary: others },
  ),
  { minLength: 40, maxLength: 40 },
)
