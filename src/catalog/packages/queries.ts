import { notFound } from '../../kernel/errors.ts'
import { type Field, inPath, inQuery } from '../../kernel/field.ts'
import type { Call } from '../../operation.ts'
import * as store from './store.ts'
import type { PackageAtVersion, PackageType } from './types.ts'

export const unknownPackage = (field: Field, type: PackageType, id: string) =>
  type === 'Plan'
    ? notFound(field, 'PlanNotFound', `plan ${id} not found`)
    : notFound(field, 'AddonNotFound', `add-on ${id} not found`)

/**
 * Returns the latest version of a package, or the draft if it was never published; with `isDraft`
 * the draft. 404 `PlanNotFound`, `AddonNotFound`, `NoDraftOfferFound`.
 */
export async function retrievePackage(
  { app, scope }: Call,
  { type, id, isDraft }: { type: PackageType; id: string; isDraft: boolean },
  field: Field = inPath('id'),
): Promise<PackageAtVersion> {
  const version = isDraft ? 'DRAFT_FIRST' : 'LATEST_FIRST'
  const [found] = await store.findPackages(app.db.read, scope, { type, ids: [id], version })
  if (found === undefined) throw unknownPackage(field, type, id)
  if (isDraft && found.draftVersion === null)
    throw notFound(inQuery('draft'), 'NoDraftOfferFound', `${id} has no draft`)
  return found
}

/** Returns the drafts and latest versions of plans or add-ons, the newest version first. */
export const listPackages = ({ app, scope }: Call, filter: store.PackageFilter) =>
  store.listPackages(app.db.read, scope, filter)
