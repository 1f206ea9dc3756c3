import { required } from '../../../src/kernel/assert.ts'
import { furnish } from '../../api/furnish.ts'
import { TASK } from '../../api/subscription-calls.ts'
import { grantItem } from '../../support/grants.ts'
import type { Tenant } from '../../support/world.ts'
import { MARKUP } from './markup.ts'
import type { Ids } from './views.ts'

/** The longest id. */
const MOST = 255
/** The largest amount that the API document allows with all its digits. */
const LARGE = 999_999_999_999_999

/**
 * Text that breaks pages: markup, a right-to-left override, Hebrew, emoji of several characters,
 * and a word without a place to break it. Together with an id of `furnish`, 255 characters.
 */
const HOSTILE = `${MARKUP}\u202eשלום עולם👩‍👩‍👧‍👦 ${'W'.repeat(170)}`

const long = (word: string): string => `${word}-${'x'.repeat(MOST - word.length - 1)}`

const IDS = {
  customer: long('customer'),
  feature: long('feature'),
  team: long('team'),
  entity: long('agent'),
  type: long('type'),
  product: long('product'),
  plan: long('plan'),
  addon: long('addon'),
  subscription: long('subscription'),
}

/**
 * Prepares an environment in which every text is hostile, every id as long as ids may be, and every
 * number has 15 digits. Beside them are objects with empty names.
 */
export async function furnishHostile(tenant: Tenant): Promise<Ids> {
  await furnish(tenant, HOSTILE)
  await furnishCatalog(tenant)
  await furnishPackages(tenant)
  const params = { id: IDS.customer }
  await tenant.ok('v1.customers.provision', {
    body: {
      id: IDS.customer,
      name: HOSTILE,
      email: `${'e'.repeat(60)}@${'d'.repeat(60)}.example`,
      metadata: { [HOSTILE.slice(0, 60)]: HOSTILE, empty: '' },
    },
  })
  await tenant.ok('v1.customers.provision', { body: { id: 'nameless', name: '' } })
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params,
    body: {
      entities: [
        { id: IDS.team, entityTypeId: IDS.type, displayName: HOSTILE },
        { id: IDS.entity, entityTypeId: IDS.type, displayName: HOSTILE },
        { id: 'nameless', entityTypeId: IDS.type, displayName: '' },
      ],
    },
  })
  await tenant.ok('v1.customers.promotionalEntitlements.create', {
    params,
    body: {
      promotionalEntitlements: [
        grantItem(IDS.feature, {
          usageLimit: LARGE,
          resetPeriod: 'MONTH',
          monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
        }),
        grantItem('region', { enumValues: [HOSTILE] }),
      ],
    },
  })
  const budget = { featureId: IDS.feature, cadence: 'P1M' as const }
  await tenant.ok('v1Beta.customers.assignments.upsert', {
    params,
    body: {
      assignments: [
        { ...budget, entityId: IDS.team, usageLimit: LARGE - 1 },
        { ...budget, entityId: IDS.entity, usageLimit: LARGE - 2, parentId: IDS.team },
        { ...budget, entityId: IDS.entity, usageLimit: LARGE, scopeEntityIds: [IDS.team] },
        { ...budget, entityId: 'nameless', usageLimit: 1 },
      ],
    },
  })
  const dimensions = { agentId: IDS.entity, note: HOSTILE }
  const use = { customerId: IDS.customer, featureId: IDS.feature }
  await tenant.ok('v1.usage.report', {
    body: { usages: [{ ...use, value: LARGE - 3, dimensions }] },
  })
  await tenant.ok('v1.customers.checkEntitlement', {
    params,
    query: {
      featureId: IDS.feature,
      requestedUsage: String(LARGE),
      'dimensions[agentId]': IDS.entity,
      'dimensions[note]': HOSTILE,
    },
  })
  await addMeter(tenant)
  await subscribe(tenant)
  const { data } = await tenant.ok('v1.decisions.list', { query: { customerId: IDS.customer } })
  return {
    ...IDS,
    decision: required(data[0], 'a denial').id,
    task: required(tenant.made.get(TASK), 'a task'),
  }
}

async function furnishCatalog(tenant: Tenant): Promise<void> {
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: {
      types: [
        {
          id: IDS.type,
          displayName: HOSTILE,
          description: HOSTILE,
          attributionKeys: ['agentId', 'k'.repeat(64)],
        },
      ],
    },
  })
  await tenant.ok('v1.features.createFeature', {
    body: {
      id: IDS.feature,
      displayName: HOSTILE,
      description: HOSTILE,
      featureType: 'NUMBER',
      meterType: 'INCREMENTAL',
      featureUnits: HOSTILE,
      featureUnitsPlural: HOSTILE,
      metadata: { mark: HOSTILE },
    },
  })
}

/** A product whose plans and add-ons are published, with drafts that differ. */
async function furnishPackages(tenant: Tenant): Promise<void> {
  const texts = { displayName: HOSTILE, description: HOSTILE, metadata: { mark: HOSTILE } }
  const terms = { ...texts, productId: IDS.product, billingId: HOSTILE }
  const publication = { body: { migrationType: 'NEW_CUSTOMERS' } }
  await tenant.ok('v1.products.createProduct', { body: { id: IDS.product, ...texts } })
  const plan = { params: { id: IDS.plan } }
  const addon = { params: { id: IDS.addon } }
  await tenant.ok('v1.plans.create', { body: { id: 'basic', ...terms, pricingType: 'FREE' } })
  const display = { displayNameOverride: HOSTILE, description: HOSTILE, order: 1_000_000_000 }
  const limit = { id: IDS.feature, type: 'FEATURE', usageLimit: LARGE, hasSoftLimit: true }
  const credits = { id: 'tokens', type: 'CREDIT', amount: LARGE, cadence: 'YEAR', ...display }
  await tenant.ok('v1.plans.entitlements.create', {
    params: { planId: 'basic' },
    body: {
      entitlements: [limit, { id: 'region', type: 'FEATURE', enumValues: [HOSTILE], ...display }],
    },
  })
  await tenant.ok('v1.plans.publish', { params: { id: 'basic' }, ...publication })
  for (const [id, parentPlanId] of [
    ['middle', 'basic'],
    ['upper', 'middle'],
    [IDS.plan, 'upper'],
  ] as const) {
    await tenant.ok('v1.plans.create', {
      body: { id, ...terms, pricingType: 'PAID', parentPlanId },
    })
    if (id !== IDS.plan) await tenant.ok('v1.plans.publish', { params: { id }, ...publication })
  }
  await tenant.ok('v1.addons.create', {
    body: { id: IDS.addon, ...terms, pricingType: 'PAID', maxQuantity: 1_000_000 },
  })
  await tenant.ok('v1.plans.entitlements.create', {
    params: { planId: IDS.plan },
    body: { entitlements: [{ ...limit, ...display, resetPeriod: 'WEEK' }, credits] },
  })
  await tenant.ok('v1.addons.entitlements.create', {
    params: { addonId: IDS.addon },
    body: {
      entitlements: [
        credits,
        { ...limit, behavior: 'Override', hiddenFromWidgets: ['CHECKOUT', 'PAYWALL'] },
      ],
    },
  })
  await tenant.ok('v1.addons.create', { body: { id: 'other', ...terms, pricingType: 'PAID' } })
  for (const id of [IDS.addon, 'other'])
    await tenant.ok('v1.addons.publish', { params: { id }, ...publication })
  await tenant.ok('v1.plans.publish', { ...plan, ...publication })
  await tenant.ok('v1.products.updateProduct', {
    params: { id: IDS.product },
    body: {
      productSettings: {
        subscriptionStartSetup: 'TRIAL_PERIOD',
        subscriptionStartPlanId: IDS.plan,
        subscriptionEndSetup: 'DOWNGRADE_TO_FREE',
        downgradePlanId: 'basic',
        subscriptionCancellationTime: 'END_OF_BILLING_PERIOD',
      },
    },
  })
  await tenant.ok('v1.plans.createDraft', plan)
  await tenant.ok('v1.plans.update', {
    ...plan,
    body: {
      displayName: `${HOSTILE.slice(1)}.`,
      description: null,
      compatibleAddonIds: [IDS.addon, 'other'],
      defaultTrialConfig: {
        duration: 1000,
        units: 'MONTH',
        trialEndBehavior: 'CONVERT_TO_PAID',
        budget: { hasSoftLimit: true, limit: LARGE },
      },
    },
  })
  await tenant.ok('v1.addons.createDraft', addon)
  await tenant.ok('v1.addons.update', {
    ...addon,
    body: { maxQuantity: null, dependencies: ['other'], metadata: { mark: '', other: HOSTILE } },
  })
}

/** A subscription with an add-on, a label and a scheduled change, and one whose place it took. */
async function subscribe(tenant: Tenant): Promise<void> {
  const who = { customerId: IDS.customer, metadata: { mark: HOSTILE } }
  await tenant.ok('v1.subscriptions.provision', { body: { ...who, planId: 'basic' } })
  await tenant.ok('v1.subscriptions.provision', {
    body: { ...who, planId: IDS.plan, id: IDS.subscription, billingId: HOSTILE.slice(0, 200) },
  })
  await tenant.ok('v1.subscriptions.update', {
    params: { id: IDS.subscription },
    body: { billingPeriod: 'ANNUALLY', scheduleStrategy: 'END_OF_BILLING_PERIOD' },
  })
  await tenant.ok('v1.subscriptions.cancel', {
    params: { id: IDS.subscription },
    body: { cancellationTime: 'SPECIFIC_DATE', endDate: '2999-01-01T00:00:00Z' },
  })
}

/**
 * A feature with a meter counts no usage that is reported, so it gets its meter after that. While a
 * subscription has it, its units do not change.
 */
async function addMeter(tenant: Tenant): Promise<void> {
  await tenant.ok('v1.features.updateFeature', {
    params: { id: IDS.feature },
    body: {
      unitTransformation: { divide: 1000, featureUnits: HOSTILE, featureUnitsPlural: HOSTILE },
      meter: {
        aggregation: { function: 'SUM', field: 'amount' },
        filters: [{ conditions: [{ field: HOSTILE, operation: 'EQUALS', value: HOSTILE }] }],
      },
    },
  })
}
