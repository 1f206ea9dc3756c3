import type { Tx } from '../../../db/index.ts'
import { badInput } from '../../../kernel/errors.ts'
import { type Field, inPath } from '../../../kernel/field.ts'
import type { Scope } from '../../../kernel/scope.ts'
import { unknownPackage } from '../queries.ts'
import { lockPackages } from '../store.ts'
import type { PackageAtVersion, PackageType, VersionKey } from '../types.ts'
import type { PackagePath } from './types.ts'

export const fieldOf = (type: PackageType): Field => inPath(type === 'Plan' ? 'planId' : 'addonId')

/** Returns a package with its draft, locked. Lock the catalog first. 404 for an unknown id. */
export async function lockDraft(
  tx: Tx,
  scope: Scope,
  { type, id }: PackagePath,
): Promise<PackageAtVersion> {
  const [found] = await lockPackages(tx, scope, type, [id])
  if (found === undefined) throw unknownPackage(fieldOf(type), type, id)
  return found
}

/**
 * Returns the version of the draft. 400 `EntityIsArchivedError`,
 * `EditAllowedOnDraftPackageOnlyError`.
 */
export function requireDraft({ type, id, ...draft }: PackageAtVersion): VersionKey {
  if (draft.archivedAt !== null)
    throw badInput(fieldOf(type), `${id} is archived`, 'EntityIsArchivedError')
  if (draft.draftVersion === null)
    throw badInput(
      fieldOf(type),
      `${id} has no draft; create one to change its entitlements`,
      'EditAllowedOnDraftPackageOnlyError',
    )
  return { packageKey: draft.key, version: draft.draftVersion }
}
