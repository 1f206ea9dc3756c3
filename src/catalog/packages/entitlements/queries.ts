import type { Call } from '../../../operation.ts'
import { retrievePackage } from '../queries.ts'
import { versionOf } from '../store.ts'
import { fieldOf } from './draft.ts'
import { targetOf } from './entitlements-of-version.ts'
import * as store from './store.ts'
import type { PackageEntitlement, PackagePath } from './types.ts'

/**
 * Returns the entitlements of the published version, or of the draft if nothing was published. With
 * `isDraft`, those of the draft. With `targetId`, only those of that feature or currency.
 * 404 `PlanNotFound`, `AddonNotFound`; with `isDraft`, `NoDraftOfferFound`.
 */
export async function listEntitlements(
  call: Call,
  path: PackagePath & { isDraft: boolean; targetId?: string | undefined },
): Promise<PackageEntitlement[]> {
  const found = await retrievePackage(call, path, fieldOf(path.type))
  const { targetId } = path
  const all = await store.entitlementsOf(call.app.db.read, versionOf(found))
  return targetId === undefined ? all : all.filter((each) => targetOf(each).id === targetId)
}
