import type { Tx } from '../../db/index.ts'
import { inPath } from '../../kernel/field.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { CatalogKind } from '../change-in-catalog.ts'
import { unknownPackage } from './queries.ts'
import { findPackages, lockPackages, savePackage } from './store.ts'
import type { PackageAtVersion, PackageType } from './types.ts'
import { addonToWire, planToWire } from './wire.ts'

/** Plans and add-ons share their ids. Each has operations that do not find the other. */
const kindOf = (
  type: PackageType,
  toWire: (shown: PackageAtVersion) => object,
): CatalogKind<PackageAtVersion> => ({
  noun: 'a plan or add-on',
  decides: false,
  find: (tx: Tx, scope: Scope, ids: readonly string[]) =>
    findPackages(tx, scope, { type: null, ids, version: 'SHOWN' }),
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

/** The type of an event of a plan or an add-on. */
export const eventOf = <Verb extends 'created' | 'updated' | 'deleted'>(
  type: PackageType,
  verb: Verb,
): `plan.${Verb}` | `addon.${Verb}` => (type === 'Plan' ? `plan.${verb}` : `addon.${verb}`)
