import type { Instant } from '../kernel/clock.ts'
import { type ApiError, badInput, notFound } from '../kernel/errors.ts'
import type { Field } from '../kernel/field.ts'
import { firstRepeat } from '../kernel/first-repeat.ts'
import type { Uuid } from '../kernel/ids.ts'
import { isArchivedAt, versionAt, versionOf } from './pin-versions.ts'
import type { Content, Package, Packages, PackageVersion, Pin } from './types.ts'

/** An add-on as a request names it. */
export type AddonInput = {
  id: string
  quantity: number
  /** null: there is no add-on with the id. */
  addon: Package | null
}

export type AddonContext = {
  planKey: Uuid
  /** The versions that the subscription has already. They count instead of the newest. */
  pins: readonly Pin[]
  at: Instant
  packages: Packages
  /** The list in the request. */
  where: Field
}

/**
 * Returns the add-ons of a request. Those of 0 units are left out. 404 `AddonsNotFound`; 400
 * `UnPublishedPackage`, `EntityIsArchivedError` unless the subscription has the add-on already,
 * `DuplicateAddonProvisionedError`, `InvalidQuantity`, `IncompatibleSubscriptionAddon`,
 * `AddonQuantityExceedsLimitError`, `AddonDependencyMissingError`.
 */
export function validateAddons(
  asked: readonly AddonInput[],
  context: AddonContext,
): Content['addons'] {
  const { where } = context
  const repeat = firstRepeat(asked.map(({ id }) => id))
  if (repeat !== null)
    throw badInput(
      where.at(repeat.index).at('id'),
      `${where}[${repeat.index}] (${repeat.value}): duplicate add-on, also at ${where}[${repeat.first}]`,
      'DuplicateAddonProvisionedError',
    )
  const addons = asked.map((each, index) => {
    const { key } = requireOnSale(each, where.at(index), context)
    return { addonKey: key, quantity: quantityOf(each, where.at(index)) }
  })
  const present = addons.filter(({ quantity }) => quantity > 0)
  const problem = findProblem(present, context)
  if (problem === null) return present
  const index = addons.findIndex(({ addonKey }) => addonKey === problem.addonKey)
  throw refusalOf(problem, where.at(index), context.packages)
}

function requireOnSale(
  { id, addon, quantity }: AddonInput,
  where: Field,
  { pins, at }: AddonContext,
): Package {
  const field = where.at('id')
  if (addon === null)
    throw notFound(field, 'AddonsNotFound', `${where}: there is no add-on with the id ${id}`)
  if (versionAt(addon, at) === null)
    throw badInput(field, `${where}: the add-on ${id} was never published`, 'UnPublishedPackage')
  const isNew = !pins.some(({ packageKey }) => packageKey === addon.key)
  if (isNew && quantity > 0 && isArchivedAt(addon, at))
    throw badInput(field, `${where}: the add-on ${id} is archived`, 'EntityIsArchivedError')
  return addon
}

function quantityOf({ quantity }: AddonInput, where: Field): number {
  if (Number.isSafeInteger(quantity) && quantity >= 0) return quantity
  throw badInput(
    where.at('quantity'),
    `${where}: quantity must be a whole number of at least 0`,
    'InvalidQuantity',
  )
}

/** Why add-ons cannot be together in a subscription. */
type Problem = { addonKey: Uuid } & (
  | { type: 'INCOMPATIBLE' }
  | { type: 'TOO_MANY'; most: number }
  | { type: 'DEPENDENCY'; lacks: Uuid }
)

/** Returns whether a subscription can have these add-ons. All must have been published. */
export const addonsAllowed = (
  addons: Content['addons'],
  context: Omit<AddonContext, 'where'>,
): boolean => findProblem(addons, context) === null

/**
 * Returns the first problem of add-ons with at least one unit. Each add-on needs the ones that it
 * depends on, and these need theirs.
 */
function findProblem(
  addons: Content['addons'],
  context: Omit<AddonContext, 'where'>,
): Problem | null {
  const compatible = contentOf(context.planKey, context)?.compatibleAddonKeys ?? []
  for (const { addonKey, quantity } of addons) {
    if (!compatible.includes(addonKey)) return { addonKey, type: 'INCOMPATIBLE' }
    const { maxQuantity = null, dependencyKeys = [] } = contentOf(addonKey, context) ?? {}
    if (maxQuantity !== null && quantity > maxQuantity)
      return { addonKey, type: 'TOO_MANY', most: maxQuantity }
    const lacks = dependencyKeys.find((key) => !addons.some((each) => each.addonKey === key))
    if (lacks !== undefined) return { addonKey, type: 'DEPENDENCY', lacks }
  }
  return null
}

function contentOf(
  key: Uuid,
  { pins, packages, at }: Omit<AddonContext, 'where'>,
): PackageVersion | null {
  const pin = pins.find(({ packageKey }) => packageKey === key)
  if (pin !== undefined) return versionOf(packages, pin)
  const found = packages.get(key)
  return found === undefined ? null : versionAt(found, at)
}

function refusalOf(problem: Problem, where: Field, packages: Packages): ApiError {
  const { type } = problem
  if (type === 'INCOMPATIBLE')
    return badInput(
      where.at('id'),
      `${where}: the plan cannot have this add-on`,
      'IncompatibleSubscriptionAddon',
    )
  if (type === 'TOO_MANY')
    return badInput(
      where.at('quantity'),
      `${where}: quantity can be at most ${problem.most}`,
      'AddonQuantityExceedsLimitError',
    )
  const id = packages.get(problem.lacks)?.id ?? problem.lacks
  return badInput(
    where.at('id'),
    `${where}: this add-on needs the add-on ${id}`,
    'AddonDependencyMissingError',
  )
}
