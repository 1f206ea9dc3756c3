import type { Tx } from '../../db/index.ts'
import type { Event } from '../../events/index.ts'
import { required } from '../../kernel/assert.ts'
import { inPath } from '../../kernel/field.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { CatalogKind } from '../change-in-catalog.ts'
import { savePackage } from './change-store.ts'
import { unknownPackage } from './queries.ts'
import { findPackages, lockPackages } from './store.ts'
import type { PackageAtVersion, PackageType } from './types.ts'
import { addonToWire, planToWire } from './wire.ts'

/** Plans and add-ons share their ids. Each has operations that do not find the other. */
const kindOf = (
  type: PackageType,
  toWire: (shown: PackageAtVersion) => object,
): CatalogKind<PackageAtVersion> => ({
  noun: 'a plan or add-on with the id',
  decides: false,
  find: (tx: Tx, scope: Scope, ids: readonly string[]) =>
    findPackages(tx, scope, { type: null, ids, version: 'LATEST_FIRST' }),
  lock: (tx: Tx, scope: Scope, ids: readonly string[]) => lockPackages(tx, scope, type, ids),
  save: savePackage,
  toWire,
  notFound: (id) => unknownPackage(inPath('id'), type, id),
})

/** How to change packages of each type. */
export const PACKAGES: { readonly [Type in PackageType]: CatalogKind<PackageAtVersion> } = {
  Plan: kindOf('Plan', planToWire),
  Addon: kindOf('Addon', addonToWire),
}

type Verb = 'created' | 'updated' | 'deleted' | 'draft_changed'

/**
 * The type of an event of a plan or an add-on. The published types tell what customers can buy:
 * `created` is the first publication, `updated` each later one. Whatever happens to a draft is
 * `draft_changed`, which is our own.
 */
export const eventOf = <V extends Verb>(type: PackageType, verb: V): `plan.${V}` | `addon.${V}` =>
  type === 'Plan' ? `plan.${verb}` : `addon.${verb}`

/** The event of a change. null: the version that it is about is new, or is removed. */
export function changeEvent(
  verb: Verb,
  before: PackageAtVersion | null,
  after: PackageAtVersion | null,
): Event {
  const { type, id } = required(after ?? before, 'a package that was changed')
  const { toWire } = PACKAGES[type]
  return {
    type: eventOf(type, verb),
    customerKey: null,
    objectId: id,
    before: before && toWire(before),
    after: after && toWire(after),
  }
}
