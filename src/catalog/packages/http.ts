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
import type { Call, Handlers } from '../../operation.ts'
import * as packages from './commands.ts'
import * as queries from './queries.ts'
import type { PackageFilter } from './store.ts'
import type {
  DefaultTrial,
  NewPackageInput,
  PackageAtVersion,
  PackageInput,
  PackageType,
} from './types.ts'
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

const newAddonFromWire = (wire: AddonCreateRequestBody): NewPackageInput => ({
  ...newFromWire(wire),
  maxQuantity: wire.maxQuantity ?? null,
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

/** What differs between plans and add-ons. */
type Kind<New, Change, Wire> = {
  type: PackageType
  newFromWire: (wire: New) => NewPackageInput
  changeFromWire: (wire: Change) => PackageInput
  toWire: (shown: PackageAtVersion) => Wire
}

type WithId = { params: { id: string } }
type WithDraft = WithId & { query: { draft?: 'true' | 'false' | undefined } }
type WithQuery = { query: Parameters<typeof filterFromWire>[1] }

/** Returns the handlers of the operations on plans, or of those on add-ons. */
function handlersOf<New extends { id: string; productId: string }, Change, Wire>(
  kind: Kind<New, Change, Wire>,
) {
  const { type, toWire } = kind
  const named = ({ params: { id } }: WithId) => ({ type, id })
  const answer = async (shown: Promise<PackageAtVersion>) => ({ data: toWire(await shown) })
  return {
    create: async ({ body }: { body: New }, call: Call) => {
      const { id, productId } = body
      return answer(packages.createPackage(call, { type, id, productId }, kind.newFromWire(body)))
    },
    retrieve: (request: WithDraft, call: Call) => {
      const isDraft = request.query.draft === 'true'
      return answer(queries.retrievePackage(call, { ...named(request), isDraft }))
    },
    update: async (request: WithId & { body: Change }, call: Call) => {
      const input = kind.changeFromWire(request.body)
      return answer(packages.updatePackage(call, named(request), input))
    },
    list: async ({ query }: WithQuery, call: Call) => {
      const page = await queries.listPackages(call, filterFromWire(type, query))
      return pageToWire(page, ({ of }) => toWire(of))
    },
    archive: (request: WithId, call: Call) => answer(packages.archivePackage(call, named(request))),
    createDraft: (request: WithId, call: Call) =>
      answer(packages.createDraft(call, named(request))),
    removeDraft: async (request: WithId, call: Call) => {
      await packages.removeDraft(call, named(request))
      return { data: { id: request.params.id } }
    },
    publish: async (request: WithId & { body: PackagePublishRequestBody }, call: Call) => {
      const movesSubscriptions = request.body.migrationType === 'ALL_CUSTOMERS'
      const publication = { ...named(request), movesSubscriptions }
      return { data: { taskId: await packages.publishPackage(call, publication) } }
    },
  }
}

const plans = handlersOf({
  type: 'Plan',
  newFromWire: newPlanFromWire,
  changeFromWire: planFromWire,
  toWire: planToWire,
})

const addons = handlersOf({
  type: 'Addon',
  newFromWire: newAddonFromWire,
  changeFromWire: addonFromWire,
  toWire: addonToWire,
})

type Verb = keyof typeof plans

/** The handlers of the operations on plans. Their entitlements are elsewhere. */
export const planHandlers: Handlers<`v1.plans.${Verb}`> = {
  'v1.plans.create': plans.create,
  'v1.plans.retrieve': plans.retrieve,
  'v1.plans.update': plans.update,
  'v1.plans.list': plans.list,
  'v1.plans.archive': plans.archive,
  'v1.plans.createDraft': plans.createDraft,
  'v1.plans.removeDraft': plans.removeDraft,
  'v1.plans.publish': plans.publish,
}

/** The handlers of the operations on add-ons. Their entitlements are elsewhere. */
export const addonHandlers: Handlers<`v1.addons.${Verb}`> = {
  'v1.addons.create': addons.create,
  'v1.addons.retrieve': addons.retrieve,
  'v1.addons.update': addons.update,
  'v1.addons.list': addons.list,
  'v1.addons.archive': addons.archive,
  'v1.addons.createDraft': addons.createDraft,
  'v1.addons.removeDraft': addons.removeDraft,
  'v1.addons.publish': addons.publish,
}
