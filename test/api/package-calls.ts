import type { OperationId } from '../../src/api.gen.ts'
import type { Request } from '../support/contract-client.ts'
import type { Tenant } from '../support/world.ts'

const product = { id: 'assistant' }
const plan = { id: 'pro' }
const planInDraft = { id: 'team' }
const freePlan = { id: 'starter' }
const addon = { id: 'support' }
const addonInDraft = { id: 'more-seats' }
/** A product of which a customer has a subscription for each resource, with what is sold of it. */
const sites = { id: 'sites' }
const site = { id: 'site' }
const freeSite = { id: 'site-free' }
const soldAddon = { id: 'onboarding' }
/** What all packages grant. Other calls archive the other feature and currency. */
const granted = { id: 'region' }
const seatsGranted = { id: 'team-seats', type: 'FEATURE', usageLimit: 5 }
const creditsGranted = { id: 'points', type: 'CREDIT', amount: 100, cadence: 'MONTH' }

const publication = { body: { migrationType: 'NEW_CUSTOMERS' } }

type PackageOperation = Extract<
  OperationId,
  `v1.${'catalog' | 'products' | 'plans' | 'addons'}.${string}`
>

/** The requests of `calls` about products, plans, add-ons, and the catalog as a whole. */
export const packageCalls: { readonly [Id in PackageOperation]: (mark: string) => Request } = {
  'v1.catalog.retrieve': () => ({}),
  'v1.catalog.apply': (mark) => ({
    body: {
      catalog: {
        features: [{ id: 'sso', displayName: mark, featureType: 'BOOLEAN' }],
        currencies: [{ id: 'coins', displayName: mark, units: { singular: mark, plural: mark } }],
        products: [
          {
            id: 'helper',
            displayName: mark,
            plans: [{ id: 'helper-pro', displayName: mark, pricingType: 'PAID' }],
            addons: [
              { id: 'helper-seats', displayName: mark, pricingType: 'PAID', maxQuantity: 5 },
            ],
          },
        ],
      },
    },
  }),
  'v1.products.createProduct': (mark) => ({ body: { id: 'helper', displayName: mark } }),
  'v1.products.updateProduct': (mark) => ({
    params: product,
    body: {
      displayName: `${mark}, renamed`,
      productSettings: {
        subscriptionStartSetup: 'TRIAL_PERIOD',
        subscriptionStartPlanId: plan.id,
        subscriptionEndSetup: 'CANCEL_SUBSCRIPTION',
        subscriptionCancellationTime: 'END_OF_BILLING_PERIOD',
      },
    },
  }),
  'v1.products.listProducts': () => ({
    query: { id: product.id, status: 'PUBLISHED,ARCHIVED' },
  }),
  'v1.products.archiveProduct': () => ({ params: product }),
  'v1.products.unarchiveProduct': () => ({ params: product }),
  'v1.products.duplicateProduct': (mark) => ({
    params: product,
    body: { targetId: 'copy', displayName: mark },
  }),
  'v1.plans.create': (mark) => ({
    body: { id: 'solo', productId: product.id, displayName: mark, parentPlanId: plan.id },
  }),
  'v1.plans.retrieve': () => ({ params: planInDraft, query: { draft: 'true' } }),
  'v1.plans.update': (mark) => ({
    params: planInDraft,
    body: {
      displayName: `${mark}, renamed`,
      parentPlanId: plan.id,
      compatibleAddonIds: [addon.id],
      defaultTrialConfig: { duration: 14, units: 'DAY' },
    },
  }),
  'v1.plans.list': () => ({ query: { productId: product.id } }),
  'v1.plans.archive': () => ({ params: plan }),
  'v1.plans.createDraft': () => ({ params: plan }),
  'v1.plans.removeDraft': () => ({ params: planInDraft }),
  'v1.plans.publish': () => ({ params: planInDraft, body: { migrationType: 'NEW_CUSTOMERS' } }),
  'v1.plans.entitlements.list': () => ({ params: { planId: plan.id }, query: granted }),
  'v1.plans.entitlements.create': (mark) => ({
    params: { planId: planInDraft.id },
    body: { entitlements: [{ ...seatsGranted, description: mark }, creditsGranted] },
  }),
  'v1.plans.entitlements.update': (mark) => ({
    params: { planId: planInDraft.id, ...granted },
    body: { type: 'FEATURE', description: `${mark}, renamed` },
  }),
  'v1.plans.entitlements.delete': () => ({ params: { planId: planInDraft.id, ...granted } }),
  'v1.addons.create': (mark) => ({
    body: { id: 'extra', productId: product.id, displayName: mark, maxQuantity: 3 },
  }),
  'v1.addons.retrieve': () => ({ params: addonInDraft, query: { draft: 'true' } }),
  'v1.addons.update': (mark) => ({
    params: addonInDraft,
    body: { displayName: `${mark}, renamed`, dependencies: [addon.id], maxQuantity: 5 },
  }),
  'v1.addons.list': () => ({ query: { productId: product.id } }),
  'v1.addons.archive': () => ({ params: addon }),
  'v1.addons.createDraft': () => ({ params: addon }),
  'v1.addons.removeDraft': () => ({ params: addonInDraft }),
  'v1.addons.publish': () => ({ params: addonInDraft, body: { migrationType: 'ALL_CUSTOMERS' } }),
  'v1.addons.entitlements.list': () => ({ params: { addonId: addon.id }, query: granted }),
  'v1.addons.entitlements.create': (mark) => ({
    params: { addonId: addonInDraft.id },
    body: { entitlements: [{ ...seatsGranted, description: mark }, creditsGranted] },
  }),
  'v1.addons.entitlements.update': (mark) => ({
    params: { addonId: addonInDraft.id, ...granted },
    body: { type: 'FEATURE', description: `${mark}, renamed` },
  }),
  'v1.addons.entitlements.delete': () => ({ params: { addonId: addonInDraft.id, ...granted } }),
}

/**
 * Creates a product with a published plan, a published add-on, and one draft of each, which grant a
 * feature. They can also grant a second feature and credits.
 */
export async function furnishPackages(tenant: Tenant, mark: string): Promise<void> {
  const texts = { displayName: mark, description: mark, metadata: { mark } }
  const terms = { ...texts, productId: product.id, pricingType: 'PAID', billingId: mark }
  await tenant.ok('v1.products.createProduct', { body: { ...product, ...texts } })
  for (const each of [plan, planInDraft])
    await tenant.ok('v1.plans.create', { body: { ...each, ...terms } })
  await tenant.ok('v1.plans.create', { body: { ...freePlan, ...terms, pricingType: 'FREE' } })
  for (const each of [addon, addonInDraft])
    await tenant.ok('v1.addons.create', { body: { ...each, ...terms } })
  await tenant.ok('v1.features.createFeature', {
    body: { id: seatsGranted.id, ...texts, featureType: 'NUMBER', meterType: 'FLUCTUATING' },
  })
  await tenant.ok('v1.credits.customCurrencies.create', {
    body: { id: creditsGranted.id, ...texts },
  })
  const body = {
    entitlements: [{ ...granted, type: 'FEATURE', enumValues: [mark], description: mark }],
  }
  for (const { id } of [plan, planInDraft])
    await tenant.ok('v1.plans.entitlements.create', { params: { planId: id }, body })
  for (const { id } of [addon, addonInDraft])
    await tenant.ok('v1.addons.entitlements.create', { params: { addonId: id }, body })
  await tenant.ok('v1.addons.publish', { params: addon, ...publication })
  for (const each of [plan, freePlan])
    await tenant.ok('v1.plans.publish', { params: each, ...publication })
  await furnishSites(tenant, { ...terms, productId: sites.id })
}

async function furnishSites(
  tenant: Tenant,
  terms: { displayName: string; productId: string },
): Promise<void> {
  const { displayName } = terms
  const body = { ...sites, displayName, multipleSubscriptions: true }
  await tenant.ok('v1.products.createProduct', { body })
  await tenant.ok('v1.addons.create', { body: { ...soldAddon, ...terms } })
  await tenant.ok('v1.addons.publish', { params: soldAddon, ...publication })
  await tenant.ok('v1.plans.create', { body: { ...site, ...terms } })
  const sold = { compatibleAddonIds: [soldAddon.id] }
  await tenant.ok('v1.plans.update', { params: site, body: sold })
  await tenant.ok('v1.plans.create', { body: { ...freeSite, ...terms, pricingType: 'FREE' } })
  for (const each of [site, freeSite])
    await tenant.ok('v1.plans.publish', { params: each, ...publication })
}
