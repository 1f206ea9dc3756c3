import { newSubscription } from '../../src/subscriptions/begin-successor.ts'
import type {
  Line,
  Package,
  Packages,
  PackageVersion,
  Subscription,
} from '../../src/subscriptions/types.ts'

export const DAY_MS = 86_400_000

/** The start of all packages in tests of subscriptions, before every line. */
const FOUNDED = Date.UTC(2020, 0, 1)

/** Returns the first version of a free plan with nothing in it, unless `parts` says otherwise. */
const version = (parts: Partial<PackageVersion> = {}): PackageVersion => ({
  version: 1,
  publishedAt: FOUNDED,
  pricingType: 'FREE',
  parentKey: null,
  compatibleAddonKeys: [],
  dependencyKeys: [],
  maxQuantity: null,
  defaultTrial: null,
  ...parts,
})

/** Returns a package whose key is its id. */
const packageOf = (
  type: Package['type'],
  id: string,
  versions: readonly Partial<PackageVersion>[],
): Package => ({
  key: id,
  id,
  type,
  productKey: 'product',
  versions: versions.map((parts, index) => version({ version: index + 1, ...parts })),
  archivals: [],
})

export const planOf = (id: string, ...versions: readonly Partial<PackageVersion>[]): Package =>
  packageOf('Plan', id, versions)

export const addonOf = (id: string, ...versions: readonly Partial<PackageVersion>[]): Package =>
  packageOf('Addon', id, versions)

export const packagesOf = (...packages: readonly Package[]): Packages =>
  new Map(packages.map((each) => [each.key, each]))

/** Free, two paid plans of which the second inherits from the first, a custom one, two add-ons. */
export const SHOP: Packages = packagesOf(
  planOf('1-free', {}),
  planOf('2-basic', { pricingType: 'PAID', compatibleAddonKeys: ['more', 'top'] }),
  planOf('3-pro', {
    pricingType: 'PAID',
    parentKey: '2-basic',
    compatibleAddonKeys: ['more', 'top'],
  }),
  planOf('4-other', { pricingType: 'PAID' }),
  planOf('5-deal', { pricingType: 'CUSTOM' }),
  addonOf('more', { maxQuantity: 3, pricingType: 'PAID' }),
  addonOf('top', { dependencyKeys: ['more'], pricingType: 'PAID' }),
)

/** Returns an active subscription to the plan `2-basic`, unless `parts` says otherwise. */
export const subscriptionFrom = (
  startsAt: number,
  parts: Partial<Subscription> = {},
): Subscription =>
  newSubscription({
    key: 'sub',
    id: 'sub',
    planKey: '2-basic',
    pricingType: 'PAID',
    status: 'ACTIVE',
    createdAt: startsAt,
    startsAt,
    billingPeriod: 'MONTHLY',
    anchor: startsAt,
    periodStart: startsAt,
    pins: [{ packageKey: '2-basic', version: 1 }],
    ...parts,
  })

export const lineOf = (settledAt: number, ...subscriptions: readonly Subscription[]): Line => ({
  subscriptions,
  settledAt,
})
