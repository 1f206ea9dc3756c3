import { badInput, duplicated } from '../../../kernel/errors.ts'
import type { Field } from '../../../kernel/field.ts'
import { firstRepeat } from '../../../kernel/first-repeat.ts'
import { type Quantity, wholeUnits } from '../../../kernel/quantity.ts'
import type { Target } from '../types.ts'
import type { Holder, PackageEntitlement } from './types.ts'

/** A list returns all entitlements of a version at once. */
export const ENTITLEMENTS_LIMIT = 1000

/** The most characters that all texts of a version have together. Its list has no pages. */
export const TEXTS_LIMIT = 500_000

export const targetOf = (entitlement: PackageEntitlement): Target => ({
  type: entitlement.type,
  id: entitlement.type === 'FEATURE' ? entitlement.feature.id : entitlement.currency.id,
})

/** Differs between a feature and a currency with the same id. */
export const nameOf = ({ type, id }: Target): string => `${type} ${id}`

/** 409 if a target repeats an earlier one or is in the version. `where` is the list. */
export function refuseRepeated(
  targets: readonly Target[],
  present: readonly PackageEntitlement[],
  where: Field,
): void {
  const repeat = firstRepeat(targets.map(nameOf))
  const taken = new Set(present.map((each) => nameOf(targetOf(each))))
  const index = repeat?.index ?? targets.findIndex((each) => taken.has(nameOf(each)))
  const target = targets[index]
  if (target !== undefined)
    throw duplicated(
      where.at(index).at('id'),
      `${where}[${index}] (${target.id}): the package already has an entitlement of this ${target.type === 'FEATURE' ? 'feature' : 'currency'}`,
    )
}

/** Returns the order of the next entitlement whose input has no order. */
export const nextOrder = (present: readonly Pick<PackageEntitlement, 'order'>[]): Quantity =>
  present.reduce((next, { order }) => (order >= next ? order + wholeUnits(1) : next), 0n)

/**
 * Returns orders that keep entitlements in the order of a list. `present` has null for those that
 * are new. The present orders stay if they ascend and nothing new is before them.
 */
export function ordersOf(present: readonly (Quantity | null)[]): Quantity[] {
  const count = present.indexOf(null)
  const kept = (count < 0 ? present : present.slice(0, count)) as readonly Quantity[]
  const staysSo =
    present.slice(kept.length).every((order) => order === null) &&
    kept.every((order, index) => order > (kept[index - 1] ?? order - 1n))
  if (!staysSo) return present.map((_, index) => wholeUnits(index))
  const first = nextOrder(kept.map((order) => ({ order })))
  return present.map((order, index) => order ?? first + wholeUnits(index - kept.length))
}

/** 400 `InvalidArgumentError` if a version has too many entitlements, or too much text in them. */
export function refuseTooLarge(entitlements: readonly PackageEntitlement[], where: Field): void {
  if (entitlements.length > ENTITLEMENTS_LIMIT)
    throw badInput(
      where,
      `${where}: a package has at most ${ENTITLEMENTS_LIMIT} entitlements`,
      'InvalidArgumentError',
    )
  const length = entitlements.reduce((sum, each) => sum + textLength(each), 0)
  if (length > TEXTS_LIMIT)
    throw badInput(
      where,
      `${where}: descriptions, names and values of a package's entitlements have at most ${TEXTS_LIMIT} characters together`,
      'InvalidArgumentError',
    )
}

function textLength(each: PackageEntitlement): number {
  const values = each.type === 'FEATURE' ? each.allowance.enumValues : []
  const texts = [each.description ?? '', each.displayNameOverride ?? '', ...values]
  return texts.reduce((sum, text) => sum + text.length, 0)
}

/**
 * 400 if the draft of a package cannot be published because of an entitlement:
 * `EntityIsArchivedError` for a feature or currency that was archived while the package was,
 * `InvalidArgumentError` for custom values of a package whose pricing type is no longer CUSTOM.
 */
export function refuseUnpublishable(
  entitlements: readonly PackageEntitlement[],
  holder: Holder,
): void {
  for (const each of entitlements) {
    const name = archivedName(each)
    if (name !== null)
      throw badInput(
        null,
        `the draft has an entitlement of the archived ${name}`,
        'EntityIsArchivedError',
      )
    if (each.isCustom && holder.pricingType !== 'CUSTOM')
      throw badInput(
        null,
        `the entitlement of ${targetOf(each).id} is custom, but the pricing type of the package is not CUSTOM`,
        'InvalidArgumentError',
      )
  }
}

/** Returns what an entitlement names that is archived, or null. */
export function archivedName(each: PackageEntitlement): string | null {
  if (each.type === 'FEATURE')
    return each.feature.status === 'SUSPENDED' ? `feature ${each.feature.id}` : null
  if (each.currency.isArchived) return `custom currency ${each.currency.id}`
  return each.dependency?.isArchived ? `feature ${each.dependency.id}` : null
}
