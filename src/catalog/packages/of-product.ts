import type { Tx } from '../../db/index.ts'
import { type Event, publish } from '../../events/index.ts'
import { required } from '../../kernel/assert.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody, inPath } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { tooMuchMetadata } from '../../kernel/metadata.ts'
import type { Scope } from '../../kernel/scope.ts'
import { summarize } from '../catalog-use.ts'
import type { CatalogCall } from '../change-in-catalog.ts'
import { deleteDrafts, savePackages, saveVersions } from './change-store.ts'
import { archivedWithProduct, unarchivedWithProduct } from './change-versions.ts'
import { copyEntitlements } from './entitlements/store.ts'
import { changeEvent } from './kinds.ts'
import type { CurrentVersion } from './store.ts'
import * as store from './store.ts'
import type { Package, PackageAtVersion, PackageVersion, Reference } from './types.ts'

/**
 * Archives the packages of a product, and discards the drafts of those that were published. 400 as
 * `currentOf`.
 */
export async function archivePackagesOf(
  tx: Tx,
  call: CatalogCall,
  product: Reference,
): Promise<void> {
  const current = await currentOf(tx, product, 'ACTIVE')
  const drafts = current.filter(({ isShown }) => !isShown)
  const moves = current
    .filter(({ isShown }) => isShown)
    .map((shown) => moveOf(shown, archivedWithProduct(shown, call.now)))
  const events = moves.flatMap(({ before, after }) => [
    ...drafts
      .filter(({ key }) => key === before.key)
      .map((draft) => changeEvent('draft_changed', draft, null)),
    changeEvent(before.latestVersion === null ? 'draft_changed' : 'deleted', before, after),
  ])
  await saveMoves(tx, call, moves)
  await deleteDrafts(tx, null, drafts.map(store.versionOf))
  await publish(tx, call, events)
}

/** Restores the packages that were archived with their product. 400 as `currentOf`. */
export async function unarchivePackagesOf(
  tx: Tx,
  call: CatalogCall,
  product: Reference,
): Promise<void> {
  const current = await currentOf(tx, product, 'ARCHIVED_WITH_PRODUCT')
  const moves = current.map((shown) => moveOf(shown, unarchivedWithProduct(shown, call.now)))
  const events = moves.map(({ before, after }) =>
    changeEvent(before.latestVersion === null ? 'draft_changed' : 'updated', before, after),
  )
  await saveMoves(tx, call, moves)
  await publish(tx, call, events)
}

/** 400 if the packages have more than 8 MB of metadata together. */
async function currentOf(
  tx: Tx,
  { key, id }: Reference,
  set: store.PackageSet,
): Promise<CurrentVersion[]> {
  const found = await store.lockPackagesOf(tx, key, set)
  if (found !== null) return found.map(({ isShown, of }) => ({ ...of, isShown }))
  const what = `the plans and add-ons of ${id}`
  throw tooMuchMetadata(inPath('id'), { what, remedy: 'archive some of them first' })
}

type Move = { before: PackageAtVersion; after: PackageAtVersion }

const moveOf = ({ isShown: _, ...before }: CurrentVersion, after: Package): Move => ({
  before,
  after: { ...after, content: { ...before.content, updatedAt: after.updatedAt } },
})

async function saveMoves(tx: Tx, { scope }: CatalogCall, moves: readonly Move[]): Promise<void> {
  const saved = moves.map(({ after }) => after)
  await savePackages(tx, scope, saved)
  await saveVersions(tx, scope, saved)
}

/** The copies of a product's packages, by the keys of these. */
export type Copies = ReadonlyMap<Uuid, Reference>

/** The longest id that the API accepts. */
const ID_LIMIT = 255

/**
 * Returns the keys and ids of copies of a product's packages that are not archived. The id of a
 * copy is that of the package, a hyphen and `targetId`. 400 `DuplicateProductValidationError` if
 * one of the ids is too long or taken, unless `isMade`: an earlier request has made the copies.
 */
export async function planCopies(
  tx: Tx,
  call: CatalogCall,
  of: { productKey: Uuid; targetId: string; isMade: boolean },
): Promise<Copies> {
  const sources = (await store.peersIn(tx, of.productKey)).filter((row) => !row.isArchived)
  const copies = new Map(
    sources.map(({ key, id }) => [
      key,
      { key: call.app.ids.next(call.now), id: `${id}-${of.targetId}` },
    ]),
  )
  const ids = [...copies.values()].map(({ id }) => id)
  if (!of.isMade) await refuseUnusable(tx, call.scope, ids)
  return copies
}

async function refuseUnusable(tx: Tx, scope: Scope, ids: readonly string[]): Promise<void> {
  const field = inBody('targetId')
  const code = 'DuplicateProductValidationError'
  if (ids.some((id) => id.length > ID_LIMIT))
    throw badInput(
      field,
      `targetId: the ids of copies would have more than ${ID_LIMIT} characters`,
      code,
    )
  const taken = await store.idsTaken(tx, scope, ids)
  if (taken.length > 0)
    throw badInput(
      field,
      `targetId: plans or add-ons have the ids ${summarize(taken)} already`,
      code,
    )
}

/**
 * Saves the copies of packages: the latest version as the first one, and the draft after it. 400 as
 * `currentOf`.
 */
export async function savePackageCopies(
  tx: Tx,
  call: CatalogCall,
  { copies, source, product }: { copies: Copies; source: Reference; product: Reference },
): Promise<void> {
  const current = await currentOf(tx, source, 'ACTIVE')
  const made = current.map(({ isShown, ...from }) => {
    const version = isShown ? 1 : 2
    const content = copyOfContent(from.content, version, { call, copies })
    return { isShown, from, to: { ...copyOfPackage(from, { call, copies, product }), content } }
  })
  const all = made.map(({ to }) => to)
  const shown = made.filter(({ isShown }) => isShown).map(({ to }) => to)
  const versions = made.map(({ from, to }) => ({
    from: store.versionOf(from),
    to: store.versionOf(to),
  }))
  await savePackages(tx, call.scope, shown)
  await saveVersions(tx, call.scope, all)
  await copyEntitlements(tx, call.now, versions)
  await publish(tx, call, all.map(eventOfCopy))
}

/** A copy has at most one published version. So its draft is version 1 or 2. */
function copyOfPackage(
  from: Package,
  { call, copies, product }: { call: CatalogCall; copies: Copies; product: Reference },
): Package {
  const isPublished = from.latestVersion !== null
  return {
    ...from,
    ...required(copies.get(from.key), `a copy of ${from.id}`),
    product,
    latestVersion: isPublished ? 1 : null,
    draftVersion: from.draftVersion === null ? null : isPublished ? 2 : 1,
    createdAt: call.now,
    updatedAt: call.now,
  }
}

const eventOfCopy = (copy: PackageAtVersion): Event =>
  changeEvent(copy.content.publishedAt === null ? 'draft_changed' : 'created', null, copy)

/** Billing ids are not copied, because they name one package in an outside system. */
function copyOfContent(
  content: PackageVersion,
  version: number,
  { call, copies }: { call: CatalogCall; copies: Copies },
): PackageVersion {
  const copyOf = ({ key, id }: Reference): Reference => required(copies.get(key), `a copy of ${id}`)
  return {
    ...content,
    key: call.app.ids.next(call.now),
    version,
    billingId: null,
    parent: content.parent && copyOf(content.parent),
    compatibleAddons: content.compatibleAddons?.map(copyOf) ?? null,
    dependencies: content.dependencies.map(copyOf),
    createdAt: call.now,
    updatedAt: call.now,
    publishedAt: content.publishedAt && call.now,
  }
}
