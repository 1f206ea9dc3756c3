import type { OperationId } from '../../src/api.gen.ts'
import type { Request } from '../support/contract-client.ts'
import { feature } from '../support/package-entitlements.ts'
import { publication } from '../support/packages.ts'
import type { Tenant } from '../support/world.ts'

/** Requests that an operation refuses in the environment of `furnishRefusals`, by the code. */
export type CodeCalls = { readonly [Id in OperationId]?: Readonly<Record<string, Request>> }

/** Metadata that no column can store. */
export const UNSTORABLE = { metadata: { a: '\ud800' } }
/** A reset period that does not fit its configuration. */
export const BAD_RESET = { weeklyResetPeriodConfiguration: { accordingTo: 'EveryMonday' } }

const of = (id: string, body?: object) => ({ params: { id }, ...(body && { body }) })
const named = (id: string, parts: object = {}) => ({
  body: { id, productId: 'kit', displayName: id, ...parts },
})
const settings = (parts: object) => ({
  body: {
    productSettings: {
      subscriptionStartSetup: 'PLAN_SELECTION',
      subscriptionEndSetup: 'CANCEL_SUBSCRIPTION',
      subscriptionCancellationTime: 'IMMEDIATE',
      ...parts,
    },
  },
})
const startsWith = (id: string) =>
  settings({ subscriptionStartSetup: 'FREE_PLAN', subscriptionStartPlanId: id })

const productCalls: CodeCalls = {
  'v1.products.createProduct': {
    InvalidMetadataError: { body: { id: 'new', displayName: 'x', ...UNSTORABLE } },
    DuplicatedEntityNotAllowed: { body: { id: 'kit', displayName: 'x' } },
  },
  'v1.products.updateProduct': {
    EntityIsArchivedError: of('closed', { displayName: 'x' }),
    InvalidArgumentError: of('app', { multipleSubscriptions: true }),
    UnPublishedPackage: { ...of('kit'), ...startsWith('plan-first') },
    InvalidMetadataError: of('kit', UNSTORABLE),
    ProductNotFoundError: of('nothing', {}),
    PlanNotFound: { ...of('kit'), ...startsWith('nothing') },
  },
  'v1.products.archiveProduct': {
    CannotArchiveProductError: of('app'),
    ProductNotFoundError: of('nothing'),
  },
  'v1.products.unarchiveProduct': { ProductNotFoundError: of('nothing') },
  'v1.products.duplicateProduct': {
    EntityIsArchivedError: of('closed', { targetId: 'new' }),
    DuplicateProductValidationError: of('app', { targetId: 'taken' }),
    ProductNotFoundError: of('nothing', { targetId: 'new' }),
    DuplicatedEntityNotAllowed: of('app', { targetId: 'kit' }),
  },
}

type Kind = 'plan' | 'addon'
const notFound = { plan: 'PlanNotFound', addon: 'AddonNotFound' }

/** What plans and add-ons refuse in the same way. */
const sharedCalls = (kind: Kind): CodeCalls => ({
  [`v1.${kind}s.create`]: {
    EntityIsArchivedError: named('new', { productId: 'closed' }),
    InvalidArgumentError: named('new', { status: 'PUBLISHED' }),
    InvalidMetadataError: named('new', UNSTORABLE),
    ProductNotFoundError: named('new', { productId: 'nothing' }),
    DuplicatedEntityNotAllowed: named(`${kind}-first`),
  },
  [`v1.${kind}s.retrieve`]: {
    [notFound[kind]]: of('nothing'),
    NoDraftOfferFound: { ...of(`${kind}-sold`), query: { draft: 'true' } },
  },
  [`v1.${kind}s.update`]: {
    CannotEditPackageInNonDraftMode: of(`${kind}-sold`, { displayName: 'x' }),
    EntityIsArchivedError: of(`${kind}-gone`, { displayName: 'x' }),
    UnsupportedParameter: of(`${kind}-first`, { charges: { pricingType: 'FREE' } }),
    InvalidMetadataError: of(`${kind}-first`, UNSTORABLE),
    [notFound[kind]]: of('nothing', {}),
  },
  [`v1.${kind}s.archive`]: { [notFound[kind]]: of('nothing') },
  [`v1.${kind}s.createDraft`]: {
    EntityIsArchivedError: of(`${kind}-gone`),
    DraftAlreadyExists: of(`${kind}-first`),
    [notFound[kind]]: of('nothing'),
  },
  [`v1.${kind}s.removeDraft`]: {
    EntityIsArchivedError: of(`${kind}-gone`),
    IntegrityViolation: of(`${kind}-first`),
    [notFound[kind]]: of('nothing'),
    NoDraftOfferFound: of(`${kind}-sold`),
  },
  [`v1.${kind}s.publish`]: {
    EntityIsArchivedError: { ...of(`${kind}-gone`), ...publication },
    PackageAlreadyPublished: { ...of(`${kind}-sold`), ...publication },
    PackagePricingTypeNotSet: { ...of(`${kind}-untyped`), ...publication },
    [notFound[kind]]: { ...of('nothing'), ...publication },
  },
})

function entitlementCalls(kind: Kind): CodeCalls {
  const at = (name: string, id?: string) => ({
    params: { [`${kind}Id`]: name, ...(id !== undefined && { id }) },
  })
  const adding = (name: string, id: string, parts: object = {}) => ({
    ...at(name),
    body: { entitlements: [feature(id, parts)] },
  })
  const changing = (name: string, parts: object, id = 'calls') => ({
    ...at(name, id),
    body: { type: 'FEATURE', ...parts },
  })
  const [first, sold] = [`${kind}-first`, `${kind}-sold`]
  const credits = { id: 'nothing', type: 'CREDIT', amount: 1, cadence: 'MONTH' }
  const overriding = { behavior: 'Override' }
  return {
    [`v1.${kind}s.entitlements.list`]: {
      [notFound[kind]]: at('nothing'),
      NoDraftOfferFound: { ...at(sold), query: { draft: 'true' } },
    },
    [`v1.${kind}s.entitlements.create`]: {
      EntityIsArchivedError: adding(`${kind}-gone`, 'sso'),
      EditAllowedOnDraftPackageOnlyError: adding(sold, 'sso'),
      ...(kind === 'plan' && {
        CannotAddOverrideEntitlementToPlan: adding(first, 'sso', overriding),
      }),
      UnsupportedFeatureType: adding(first, 'sso', { usageLimit: 1 }),
      InvalidEntitlementResetPeriod: adding(first, 'requests', { usageLimit: 1, ...BAD_RESET }),
      InvalidArgumentError: adding(first, 'requests'),
      [notFound[kind]]: adding('nothing', 'sso'),
      FeatureNotFound: adding(first, 'nothing'),
      CustomCurrencyNotFound: { ...at(first), body: { entitlements: [credits] } },
      DuplicatedEntityNotAllowed: adding(first, 'calls', { usageLimit: 1 }),
    },
    [`v1.${kind}s.entitlements.update`]: {
      EntityIsArchivedError: changing(`${kind}-gone`, {}),
      EditAllowedOnDraftPackageOnlyError: changing(sold, {}),
      ...(kind === 'plan' && { CannotAddOverrideEntitlementToPlan: changing(first, overriding) }),
      UnsupportedFeatureType: changing(first, { enumValues: ['eu'] }),
      InvalidEntitlementResetPeriod: changing(first, BAD_RESET),
      InvalidArgumentError: changing(first, { isCustom: true }),
      [notFound[kind]]: changing('nothing', {}),
      FeatureNotFound: changing(first, {}, 'sso'),
      CustomCurrencyNotFound: { ...at(first, 'nothing'), body: { type: 'CREDIT' } },
    },
    [`v1.${kind}s.entitlements.delete`]: {
      EntityIsArchivedError: at(`${kind}-gone`, 'calls'),
      EditAllowedOnDraftPackageOnlyError: at(sold, 'calls'),
      [notFound[kind]]: at('nothing', 'calls'),
      FeatureNotFound: at(first, 'sso'),
    },
  }
}

const planCalls: CodeCalls = {
  'v1.plans.create': { PlanNotFound: named('new', { parentPlanId: 'nothing' }) },
  'v1.plans.update': {
    InvalidArgumentError: of('plan-first', { compatibleAddonIds: ['addon-sold', 'addon-sold'] }),
    PlansCircularDependencyError: of('plan-first', { parentPlanId: 'plan-child' }),
    AddonsNotFound: of('plan-first', { compatibleAddonIds: ['nothing'] }),
  },
  'v1.plans.archive': {
    DraftPlanCantBeArchived: of('plan-first'),
    CannotUpsertToPackageThatHasDraft: of('plan-reopened'),
    PlanWithChildCantBeDeleted: of('basic'),
    PlanIsUsedAsDefaultStartPlan: of('plan-sold'),
    PlanIsUsedAsDowngradePlan: of('plan-free'),
  },
  'v1.plans.publish': {
    PlanCannotBePublishWhenBasePlanIsDraft: { ...of('plan-child'), ...publication },
    PlanCannotBePublishWhenCompatibleAddonIsDraft: { ...of('plan-selling'), ...publication },
  },
}

const addonCalls: CodeCalls = {
  'v1.addons.update': {
    InvalidArgumentError: of('addon-first', { dependencies: ['addon-sold', 'addon-sold'] }),
    AddonsNotFound: of('addon-first', { dependencies: ['nothing'] }),
  },
  'v1.addons.archive': {
    DraftAddonCantBeArchived: of('addon-first'),
    AddonWithDraftCannotBeDeletedError: of('addon-reopened'),
    AddonIsCompatibleWithPlan: of('more'),
    IntegrityViolation: of('addon-sold'),
  },
  'v1.addons.publish': { UnPublishedPackage: { ...of('addon-needing'), ...publication } },
}

export const packageRefusals: readonly CodeCalls[] = [
  productCalls,
  ...(['plan', 'addon'] as const).flatMap((kind) => [sharedCalls(kind), entitlementCalls(kind)]),
  planCalls,
  addonCalls,
]

/** Creates the product `kit` with packages in each state. */
export async function furnishPackageRefusals(tenant: Tenant): Promise<void> {
  for (const id of ['kit', 'closed'])
    await tenant.ok('v1.products.createProduct', { body: { id, displayName: id } })
  await tenant.ok('v1.products.archiveProduct', of('closed'))
  const requests = { id: 'requests', displayName: 'x', featureType: 'NUMBER' }
  await tenant.ok('v1.features.createFeature', { body: { ...requests, meterType: 'INCREMENTAL' } })
  const body = { entitlements: [feature('calls', { usageLimit: 10 })] }
  for (const kind of ['plan', 'addon'] as const) {
    for (const state of ['first', 'sold', 'reopened', 'gone'])
      await tenant.ok(`v1.${kind}s.create`, named(`${kind}-${state}`, { pricingType: 'PAID' }))
    await tenant.ok(`v1.${kind}s.create`, named(`${kind}-untyped`))
    const first = { params: { [`${kind}Id`]: `${kind}-first` }, body }
    const added = await tenant.call(`v1.${kind}s.entitlements.create`, first)
    if (added.success === null) throw new Error(added.text)
    for (const state of ['sold', 'reopened', 'gone'])
      await tenant.ok(`v1.${kind}s.publish`, { ...of(`${kind}-${state}`), ...publication })
    await tenant.ok(`v1.${kind}s.createDraft`, of(`${kind}-reopened`))
    await tenant.ok(`v1.${kind}s.archive`, of(`${kind}-gone`))
  }
  await furnishLinks(tenant)
}

async function furnishLinks(tenant: Tenant): Promise<void> {
  const paid = { pricingType: 'PAID' }
  await tenant.ok('v1.plans.create', named('plan-child', { ...paid, parentPlanId: 'plan-first' }))
  await tenant.ok('v1.plans.create', named('plan-selling', paid))
  const compatible = { compatibleAddonIds: ['addon-first'] }
  await tenant.ok('v1.plans.update', of('plan-selling', compatible))
  await tenant.ok('v1.addons.create', named('addon-needing', paid))
  const needing = { dependencies: ['addon-sold', 'addon-first'] }
  await tenant.ok('v1.addons.update', of('addon-needing', needing))
  await tenant.ok('v1.plans.create', named('plan-free', { pricingType: 'FREE' }))
  await tenant.ok('v1.plans.publish', { ...of('plan-free'), ...publication })
  // What a copy of the product `app` would be called.
  await tenant.ok('v1.addons.create', named('more-taken', paid))
  await tenant.ok('v1.products.updateProduct', {
    ...of('kit'),
    ...settings({
      subscriptionStartSetup: 'FREE_PLAN',
      subscriptionStartPlanId: 'plan-sold',
      subscriptionEndSetup: 'DOWNGRADE_TO_FREE',
      downgradePlanId: 'plan-free',
    }),
  })
}
