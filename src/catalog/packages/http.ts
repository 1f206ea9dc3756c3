import type {
  AddonCreateRequestBody,
  AddonUpdateRequestBody,
  DefaultTrialConfigInput,
  Operations,
  PackagePublishRequestBody,
  PlanCreateRequestBody,
  PlanUpdateRequestBody,
} from '../../api.gen.ts'
import { createdRange } from '../../kernel/created-range.ts'
import { inBody } from '../../kernel/field.ts'
import { pageRequest, pageToWire } from '../../kernel/page.ts'
import { none } from '../../kernel/patch.ts'
import { quantityFromWire } from '../../kernel/quantity.ts'
import type { Handlers } from '../../operation.ts'
import * as packages from './commands.ts'
import * as queries from './queries.ts'
import type { PackageFilter } from './store.ts'
import type { DefaultTrial, NewPackageInput, PackageInput, PackageType } from './types.ts'
import { addonToWire, planToWire } from './wire.ts'

const TRIAL_LIMIT = inBody('defaultTrialConfig', 'budget', 'limit')

/** 400 for a budget with too many digits. */
export const trialFromWire = (wire: DefaultTrialConfigInput): DefaultTrial => ({
  duration: wire.duration,
  units: wire.units,
  trialEndBehavior: wire.trialEndBehavior ?? null,
  budget: wire.budget
    ? { ...wire.budget, limit: quantityFromWire(wire.budget.limit, TRIAL_LIMIT) }
    : null,
})

/** The fields that new plans and new add-ons share. */
export const newFromWire = (
  wire: PlanCreateRequestBody | AddonCreateRequestBody,
): NewPackageInput => ({
  status: wire.status,
  displayName: wire.displayName,
  description: wire.description || null,
  billingId: wire.billingId || null,
  pricingType: wire.pricingType ?? null,
  parentId: null,
  defaultTrial: null,
  maxQuantity: null,
  metadata: wire.metadata,
})

const newPlanFromWire = (wire: PlanCreateRequestBody): NewPackageInput => ({
  ...newFromWire(wire),
  parentId: wire.parentPlanId || null,
  defaultTrial: wire.defaultTrialConfig ? trialFromWire(wire.defaultTrialConfig) : null,
})

/** The fields that changes of plans and of add-ons share. */
const changeFromWire = (wire: PlanUpdateRequestBody | AddonUpdateRequestBody): PackageInput => ({
  displayName: wire.displayName,
  description: none(wire.description),
  billingId: none(wire.billingId),
  metadata: wire.metadata,
  hasCharges: wire.charges !== undefined,
})

const planFromWire = (wire: PlanUpdateRequestBody): PackageInput => ({
  ...changeFromWire(wire),
  parentId: none(wire.parentPlanId),
  compatibleAddonIds: wire.compatibleAddonIds,
  defaultTrial: wire.defaultTrialConfig && trialFromWire(wire.defaultTrialConfig),
})

const addonFromWire = (wire: AddonUpdateRequestBody): PackageInput => ({
  ...changeFromWire(wire),
  status: wire.status,
  maxQuantity: wire.maxQuantity,
  dependencyIds: wire.dependencies,
})

const filterFromWire = (
  type: PackageType,
  query: Operations['v1.plans.list']['query'] | Operations['v1.addons.list']['query'],
): PackageFilter => ({
  type,
  productId: query.productId ?? null,
  statuses: query.status ?? null,
  created: createdRange(query.createdAt),
  page: pageRequest(query),
})

type Plans =
  | 'v1.plans.create'
  | 'v1.plans.retrieve'
  | 'v1.plans.update'
  | 'v1.plans.list'
  | 'v1.plans.archive'
  | 'v1.plans.createDraft'
  | 'v1.plans.removeDraft'
  | 'v1.plans.publish'

const publication = (
  named: { type: PackageType; id: string },
  { migrationType }: PackagePublishRequestBody,
) => ({ ...named, movesSubscriptions: migrationType === 'ALL_CUSTOMERS' })

const plan = (id: string) => ({ type: 'Plan' as const, id })

/** The handlers of the operations on plans. Their entitlements are elsewhere. */
export const planHandlers: Handlers<Plans> = {
  'v1.plans.create': async ({ body }, call) => {
    const named = { ...plan(body.id), productId: body.productId }
    return { data: planToWire(await packages.createPackage(call, named, newPlanFromWire(body))) }
  },
  'v1.plans.retrieve': async ({ params, query }, call) => {
    const named = { ...plan(params.id), isDraft: query.draft === 'true' }
    return { data: planToWire(await queries.retrievePackage(call, named)) }
  },
  'v1.plans.update': async ({ params, body }, call) => ({
    data: planToWire(await packages.updatePackage(call, plan(params.id), planFromWire(body))),
  }),
  'v1.plans.list': async ({ query }, call) =>
    pageToWire(await queries.listPackages(call, filterFromWire('Plan', query)), ({ of }) =>
      planToWire(of),
    ),
  'v1.plans.archive': async ({ params }, call) => ({
    data: planToWire(await packages.archivePackage(call, plan(params.id))),
  }),
  'v1.plans.createDraft': async ({ params }, call) => ({
    data: planToWire(await packages.createDraft(call, plan(params.id))),
  }),
  'v1.plans.removeDraft': async ({ params }, call) => {
    await packages.removeDraft(call, plan(params.id))
    return { data: { id: params.id } }
  },
  'v1.plans.publish': async ({ params, body }, call) => {
    const taskId = await packages.publishPackage(call, publication(plan(params.id), body))
    return { data: { taskId } }
  },
}

type Addons =
  | 'v1.addons.create'
  | 'v1.addons.retrieve'
  | 'v1.addons.update'
  | 'v1.addons.list'
  | 'v1.addons.archive'
  | 'v1.addons.createDraft'
  | 'v1.addons.removeDraft'
  | 'v1.addons.publish'

const addon = (id: string) => ({ type: 'Addon' as const, id })

/** The handlers of the operations on add-ons. Their entitlements are elsewhere. */
export const addonHandlers: Handlers<Addons> = {
  'v1.addons.create': async ({ body }, call) => {
    const named = { ...addon(body.id), productId: body.productId }
    const input = { ...newFromWire(body), maxQuantity: body.maxQuantity ?? null }
    return { data: addonToWire(await packages.createPackage(call, named, input)) }
  },
  'v1.addons.retrieve': async ({ params, query }, call) => {
    const named = { ...addon(params.id), isDraft: query.draft === 'true' }
    return { data: addonToWire(await queries.retrievePackage(call, named)) }
  },
  'v1.addons.update': async ({ params, body }, call) => ({
    data: addonToWire(await packages.updatePackage(call, addon(params.id), addonFromWire(body))),
  }),
  'v1.addons.list': async ({ query }, call) =>
    pageToWire(await queries.listPackages(call, filterFromWire('Addon', query)), ({ of }) =>
      addonToWire(of),
    ),
  'v1.addons.archive': async ({ params }, call) => ({
    data: addonToWire(await packages.archivePackage(call, addon(params.id))),
  }),
  'v1.addons.createDraft': async ({ params }, call) => ({
    data: addonToWire(await packages.createDraft(call, addon(params.id))),
  }),
  'v1.addons.removeDraft': async ({ params }, call) => {
    await packages.removeDraft(call, addon(params.id))
    return { data: { id: params.id } }
  },
  'v1.addons.publish': async ({ params, body }, call) => {
    const taskId = await packages.publishPackage(call, publication(addon(params.id), body))
    return { data: { taskId } }
  },
}
