import type { Instant } from '../../kernel/clock.ts'
import { badInput, notFound } from '../../kernel/errors.ts'
import { inPath } from '../../kernel/field.ts'
import type { Package } from './types.ts'

/** Keeps the versions of a package within what one statement reads. */
export const VERSIONS_LIMIT = 10_000

/**
 * Returns the package with a draft after its latest version. 400 `EntityIsArchivedError`,
 * `DraftAlreadyExists`, `VersionExceedsMaxValueError`.
 */
export function withDraft(before: Package, now: Instant): Package & { draftVersion: number } {
  refuseArchived(before)
  if (before.draftVersion !== null)
    throw badInput(
      inPath('id'),
      `${before.id} already has the draft ${before.draftVersion}`,
      'DraftAlreadyExists',
    )
  const draftVersion = (before.latestVersion ?? 0) + 1
  refuseTooManyVersions(before, draftVersion)
  return { ...before, draftVersion, updatedAt: now }
}

/**
 * Returns the package without its draft; null if nothing was ever published. Then the package must
 * be deleted. 400 `EntityIsArchivedError`; 404 `NoDraftOfferFound`.
 */
export function withoutDraft(before: Package, now: Instant): Package | null {
  refuseArchived(before)
  if (before.draftVersion === null)
    throw notFound(inPath('id'), 'NoDraftOfferFound', `${before.id} has no draft`)
  return before.latestVersion === null ? null : { ...before, draftVersion: null, updatedAt: now }
}

/**
 * Returns the package with its draft as the latest version. 400 `EntityIsArchivedError`,
 * `PackageAlreadyPublished`.
 */
export function published(before: Package, now: Instant): Package & { latestVersion: number } {
  refuseArchived(before)
  if (before.draftVersion === null)
    throw badInput(
      inPath('id'),
      `${before.id} has no draft; create one first`,
      'PackageAlreadyPublished',
    )
  return { ...before, latestVersion: before.draftVersion, draftVersion: null, updatedAt: now }
}

/** 400 `EntityIsArchivedError`; `CannotEditPackageInNonDraftMode` if there is no draft. */
export function refuseUnchangeable(before: Package): void {
  refuseArchived(before)
  if (before.draftVersion === null)
    throw badInput(
      inPath('id'),
      `${before.id} is published and has no draft; create one first`,
      'CannotEditPackageInNonDraftMode',
    )
}

/**
 * Returns the archived package, or the same object if it is archived. 400
 * `DraftPlanCantBeArchived` or `DraftAddonCantBeArchived` if it was never published,
 * `CannotUpsertToPackageThatHasDraft` or `AddonWithDraftCannotBeDeletedError` if it has a draft.
 */
export function archived(before: Package, now: Instant): Package {
  if (before.archivedAt !== null) return before
  const isPlan = before.type === 'Plan'
  if (before.latestVersion === null)
    throw badInput(
      inPath('id'),
      `${before.id} was never published; remove its draft instead`,
      isPlan ? 'DraftPlanCantBeArchived' : 'DraftAddonCantBeArchived',
    )
  if (before.draftVersion !== null)
    throw badInput(
      inPath('id'),
      `${before.id} has a draft; publish or remove it first`,
      isPlan ? 'CannotUpsertToPackageThatHasDraft' : 'AddonWithDraftCannotBeDeletedError',
    )
  return { ...before, archivedAt: now, updatedAt: now }
}

/**
 * Returns the package after its product was archived, or the same object if it is archived. Its
 * draft is discarded, unless it is all that the package has.
 */
export const archivedWithProduct = (before: Package, now: Instant): Package =>
  before.archivedAt !== null
    ? before
    : {
        ...before,
        draftVersion: before.latestVersion === null ? before.draftVersion : null,
        archivedAt: now,
        isArchivedWithProduct: true,
        updatedAt: now,
      }

/**
 * Returns the package after its product was unarchived, or the same object if that restores
 * nothing.
 */
export const unarchivedWithProduct = (before: Package, now: Instant): Package =>
  before.isArchivedWithProduct
    ? { ...before, archivedAt: null, isArchivedWithProduct: false, updatedAt: now }
    : before

function refuseArchived({ id, archivedAt }: Package): void {
  if (archivedAt !== null)
    throw badInput(inPath('id'), `${id} is archived`, 'EntityIsArchivedError')
}

function refuseTooManyVersions({ id }: Package, version: number): void {
  if (version > VERSIONS_LIMIT)
    throw badInput(
      inPath('id'),
      `${id}: a package has at most ${VERSIONS_LIMIT} versions`,
      'VersionExceedsMaxValueError',
    )
}
