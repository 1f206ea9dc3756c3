import type { Tx } from '../../db/index.ts'
import { publish } from '../../events/index.ts'
import { required } from '../../kernel/assert.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { summarize } from '../catalog-use.ts'
import { type CatalogCall, saveInCatalog } from '../change-in-catalog.ts'
import { archivedWithProduct, unarchivedWithProduct } from './change-versions.ts'
import { copyEntitlements } from './entitlements/store.ts'
import { draftEvent, eventOf, PACKAGES } from './kinds.ts'
import * as store from './store.ts'
import type { PackageAtVersion, PackageVersion, Reference } from './types.ts'

/** Archives the packages of a product, and discards the drafts of those that were published. */
export async function archivePackagesOf(
  tx: Tx,
  call: CatalogCall,
  productKey: Uuid,
): Promise<void> {
  for (const key of await keysOfPackages(tx, productKey)) {
    const [before, shown] = await Promise.all([
      store.lockPackageByKey(tx, key, 'CHANGED'),
      store.lockPackageByKey(tx, key, 'SHOWN'),
    ])
    const after = archivedWithProduct(before, call.now)
    if (after === before) continue
    const isPublished = shown.latestVersion !== null
    const content = { ...shown.content, updatedAt: call.now }
    if (isPublished && shown.draftVersion !== null)
      await publish(tx, call, [draftEvent(before, null)])
    await saveInCatalog(tx, call, {
      kind: PACKAGES[before.type],
      before: shown,
      after: { ...after, content },
      event: eventOf(before.type, isPublished ? 'deleted' : 'draft_changed'),
    })
    if (isPublished && shown.draftVersion !== null)
      await store.deleteDraft(tx, key, before.content.version)
  }
}

/** Restores the packages that the archive of their product archived. */
export async function unarchivePackagesOf(
  tx: Tx,
  call: CatalogCall,
  productKey: Uuid,
): Promise<void> {
  for (const key of await keysOfPackages(tx, productKey)) {
    const before = await store.lockPackageByKey(tx, key, 'SHOWN')
    const after = unarchivedWithProduct(before, call.now)
    if (after === before) continue
    const content = { ...before.content, updatedAt: call.now }
    await saveInCatalog(tx, call, {
      kind: PACKAGES[before.type],
      before,
      after: { ...after, content },
      event: eventOf(before.type, before.latestVersion === null ? 'draft_changed' : 'updated'),
    })
  }
}

const keysOfPackages = async (tx: Tx, productKey: Uuid): Promise<Uuid[]> => [
  ...new Set((await store.peersIn(tx, productKey)).map(({ key }) => key)),
]

/** The copies of a product's packages, by the keys of these. */
export type Copies = ReadonlyMap<Uuid, Reference>

/** The longest id that the API accepts. */
const ID_LIMIT = 255

/**
 * Returns the keys and ids of copies of a product's packages that are not archived. The id of a
 * copy is that of the package, a hyphen and `targetId`. 400 `DuplicateProductValidationError` if
 * one of the ids is too long or taken, unless the copies are made already.
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

/** Saves the copies of packages: the latest version as the first one, and the draft after it. */
export async function savePackageCopies(
  tx: Tx,
  call: CatalogCall,
  { copies, product }: { copies: Copies; product: Reference },
): Promise<void> {
  for (const [key, copy] of copies) {
    const shown = await store.lockPackageByKey(tx, key, 'SHOWN')
    const isPublished = shown.latestVersion !== null
    const first = {
      ...shown,
      ...copy,
      product,
      latestVersion: isPublished ? 1 : null,
      draftVersion: isPublished ? null : 1,
      createdAt: call.now,
      updatedAt: call.now,
      content: copyOfContent(shown.content, 1, { call, copies }),
    }
    const kind = PACKAGES[shown.type]
    const event = eventOf(shown.type, isPublished ? 'created' : 'draft_changed')
    await saveInCatalog(tx, call, { kind, before: null, after: first, event })
    await copyEntitlements(tx, { ...fromTo(shown, first), at: call.now })
    if (isPublished && shown.draftVersion !== null)
      await saveDraftCopy(tx, call, { key, first, copies })
  }
}

async function saveDraftCopy(
  tx: Tx,
  call: CatalogCall,
  { key, first, copies }: { key: Uuid; first: PackageAtVersion; copies: Copies },
): Promise<void> {
  const draft = await store.lockPackageByKey(tx, key, 'CHANGED')
  const content = copyOfContent(draft.content, 2, { call, copies })
  const after = { ...first, draftVersion: 2, content }
  const event = eventOf(first.type, 'draft_changed')
  await saveInCatalog(tx, call, { kind: PACKAGES[first.type], before: null, after, event })
  await copyEntitlements(tx, { ...fromTo(draft, after), at: call.now })
}

const fromTo = (source: PackageAtVersion, copy: PackageAtVersion) => ({
  from: store.versionOf(source),
  to: store.versionOf(copy),
})

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
