import type { Reader } from '../../../db/index.ts'
import type { Call } from '../../../operation.ts'
import { retrievePackage } from '../queries.ts'
import { versionOf } from '../store.ts'
import type { VersionKey } from '../types.ts'
import { fieldOf } from './draft.ts'
import { targetOf } from './entitlements-of-version.ts'
import { type InheritedEntitlement, inheritedOf } from './inherit.ts'
import * as store from './store.ts'
import type { PackageEntitlement, PackagePath } from './types.ts'

/** What a package gives itself, and what it inherits if that was asked for. */
export type PackageGifts = {
  own: readonly PackageEntitlement[]
  inherited: readonly InheritedEntitlement[]
}

/**
 * Returns the entitlements of the published version, or of the draft if nothing was published. With
 * `isDraft`, those of the draft. With `isInherited`, also what comes down from the plans above it,
 * and counts or is replaced. With `targetId`, only those of that feature or currency.
 * 404 `PlanNotFound`, `AddonNotFound`; with `isDraft`, `NoDraftOfferFound`.
 */
export async function listEntitlements(
  call: Call,
  path: PackagePath & { isDraft: boolean; isInherited: boolean; targetId?: string | undefined },
): Promise<PackageGifts> {
  const found = await retrievePackage(call, path, fieldOf(path.type))
  const { targetId } = path
  const { read } = call.app.db
  const own = await store.entitlementsOf(read, versionOf(found))
  const inherited = path.isInherited ? await inheritedBy(read, versionOf(found)) : []
  const isAsked = (each: PackageEntitlement) =>
    targetId === undefined || targetOf(each).id === targetId
  return {
    own: own.filter(isAsked),
    inherited: inherited.filter(({ entitlement }) => isAsked(entitlement)),
  }
}

async function inheritedBy(reader: Reader, version: VersionKey): Promise<InheritedEntitlement[]> {
  const above = await store.plansAbove(reader, version)
  const ofEach = await store.entitlementsOfEach(reader, above)
  return inheritedOf(above.map(({ id }, at) => ({ id, entitlements: ofEach[at] ?? [] })))
}
