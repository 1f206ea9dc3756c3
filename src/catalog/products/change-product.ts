import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../../kernel/clock.ts'
import { badInput, notFound } from '../../kernel/errors.ts'
import { inBody, inPath } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { patchMetadata, refuseOversized } from '../../kernel/metadata.ts'
import { sent } from '../../kernel/patch.ts'
import type { PackageAtVersion, Reference } from '../packages/index.ts'
import type { Journey, NewProductInput, Product, ProductInput } from './types.ts'

/** The defaults of the vendor's editor: nothing goes on after a cancellation. */
const DEFAULT_SETTINGS: Journey<Reference> = {
  startSetup: 'PLAN_SELECTION',
  startPlan: null,
  endSetup: 'CANCEL_SUBSCRIPTION',
  downgradePlan: null,
  cancellationTime: 'IMMEDIATE',
  proratesAtEnd: null,
}

/** Returns a new product with the default settings. */
export const newProduct = (
  id: string,
  input: NewProductInput,
  at: { key: Uuid; now: Instant },
): Product => ({
  key: at.key,
  id,
  displayName: input.displayName,
  description: input.description,
  multipleSubscriptions: input.multipleSubscriptions,
  settings: DEFAULT_SETTINGS,
  usageResetCutoff: 'ALWAYS_RESET',
  metadata: patchMetadata({}, input.metadata),
  createdAt: at.now,
  updatedAt: at.now,
  archivedAt: null,
})

/**
 * Returns a product after a request, or the same object if nothing differs. `plans` are those that
 * the settings name. 400 `EntityIsArchivedError` for an archived product, `InvalidMetadataError`,
 * `InvalidArgumentError` for a plan that is missing or for a downgrade to one that is not FREE,
 * `UnPublishedPackage`; 404 `PlanNotFound` for a plan of another product.
 */
export function changeProduct(
  before: Product,
  input: ProductInput,
  { now, plans }: { now: Instant; plans: readonly PackageAtVersion[] },
): Product {
  refuseArchivedProduct(before)
  const after = {
    ...before,
    displayName: sent(input.displayName, before.displayName),
    description: sent(input.description, before.description),
    multipleSubscriptions: sent(input.multipleSubscriptions, before.multipleSubscriptions),
    settings: input.settings ? settingsWithPlans(input.settings, before, plans) : before.settings,
    usageResetCutoff: sent(input.usageResetCutoff, before.usageResetCutoff),
    metadata: input.metadata === null ? {} : patchMetadata(before.metadata, input.metadata),
  }
  refuseOversized(after.metadata, `the product ${before.id}`, inBody('metadata'))
  return isDeepStrictEqual(before, after) ? before : { ...after, updatedAt: now }
}

function refuseArchivedProduct({ id, archivedAt }: Product): void {
  if (archivedAt !== null)
    throw badInput(
      inPath('id'),
      `the product ${id} is archived; unarchive it first`,
      'EntityIsArchivedError',
    )
}

function settingsWithPlans(
  settings: Journey<string>,
  of: Product,
  plans: readonly PackageAtVersion[],
): Journey<Reference> {
  const { startSetup, startPlan, endSetup, downgradePlan } = settings
  refuseMissingPlan(startSetup !== 'PLAN_SELECTION' && startPlan === null, {
    name: 'subscriptionStartPlanId',
    setup: startSetup,
  })
  refuseMissingPlan(endSetup === 'DOWNGRADE_TO_FREE' && downgradePlan === null, {
    name: 'downgradePlanId',
    setup: endSetup,
  })
  const planOf = (id: string | null, name: string): PackageAtVersion | null =>
    id === null ? null : publishedPlan(id, { name, of, plans })
  const downgrade = planOf(downgradePlan, 'downgradePlanId')
  if (downgrade !== null && downgrade.content.pricingType !== 'FREE')
    throw badInput(
      inSettings('downgradePlanId'),
      `downgradePlanId: the plan ${downgrade.id} is not FREE`,
      'InvalidArgumentError',
    )
  return {
    ...settings,
    startPlan: referenceTo(planOf(startPlan, 'subscriptionStartPlanId')),
    downgradePlan: referenceTo(downgrade),
  }
}

const inSettings = (name: string) => inBody('productSettings', name)

const referenceTo = (plan: PackageAtVersion | null): Reference | null =>
  plan && { key: plan.key, id: plan.id }

function refuseMissingPlan(isMissing: boolean, { name, setup }: { name: string; setup: string }) {
  if (isMissing)
    throw badInput(inSettings(name), `${name}: ${setup} needs a plan`, 'InvalidArgumentError')
}

type Lookup = { name: string; of: Product; plans: readonly PackageAtVersion[] }

function publishedPlan(id: string, { name, of, plans }: Lookup): PackageAtVersion {
  const plan = plans.find((each) => each.id === id)
  if (plan === undefined || plan.product.key !== of.key)
    throw notFound(inSettings(name), 'PlanNotFound', `${name}: product ${of.id} has no plan ${id}`)
  if (plan.latestVersion === null || plan.archivedAt !== null)
    throw badInput(
      inSettings(name),
      `${name}: the plan ${id} was never published, or is archived`,
      'UnPublishedPackage',
    )
  return plan
}

/** Returns the archived product, or the same object if it is archived. */
export const archivedProduct = (before: Product, now: Instant): Product =>
  before.archivedAt === null ? { ...before, archivedAt: now, updatedAt: now } : before

/** Returns the product without its archive, or the same object if it is not archived. */
export const unarchivedProduct = (before: Product, now: Instant): Product =>
  before.archivedAt === null ? before : { ...before, archivedAt: null, updatedAt: now }

/**
 * Returns a copy of a product. `copyOf` returns the copy of one of its plans. 400
 * `EntityIsArchivedError` for an archived one.
 */
export function copyOfProduct(
  source: Product,
  input: { id: string; displayName: string | undefined; description: string | null | undefined },
  at: { key: Uuid; now: Instant; copyOf: (plan: Reference) => Reference },
): Product {
  refuseArchivedProduct(source)
  const { startPlan, downgradePlan } = source.settings
  return {
    ...source,
    key: at.key,
    id: input.id,
    displayName: sent(input.displayName, source.displayName),
    description: sent(input.description, source.description),
    settings: {
      ...source.settings,
      startPlan: startPlan && at.copyOf(startPlan),
      downgradePlan: downgradePlan && at.copyOf(downgradePlan),
    },
    createdAt: at.now,
    updatedAt: at.now,
  }
}
