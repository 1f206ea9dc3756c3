import type { Tx } from '../../db/index.ts'
import { publish } from '../../events/index.ts'
import { badInput, notFound } from '../../kernel/errors.ts'
import { inBody, inPath } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Call } from '../../operation.ts'
import { startTask } from '../../tasks/index.ts'
import { summarize } from '../catalog-use.ts'
import {
  changeInCatalog,
  createInCatalog,
  lockedInCatalog,
  saveInCatalog,
} from '../change-in-catalog.ts'
import { changeContent, newPackage } from './change-content.ts'
import * as writes from './change-store.ts'
import { archived, published, withDraft, withoutDraft } from './change-versions.ts'
import { refuseUnpublishable } from './entitlements/entitlements-of-version.ts'
import { copyEntitlements, entitlementsOf } from './entitlements/store.ts'
import { changeEvent, eventOf, PACKAGES } from './kinds.ts'
import { holdProduct, type ProductOfPackages } from './product-store.ts'
import { refuseNewerDraft } from './refuse-newer-draft.ts'
import * as store from './store.ts'
import type {
  NewPackageInput,
  PackageAtVersion,
  PackageInput,
  PackageType,
  Reference,
} from './types.ts'

/** Archiving or duplicating a product changes all of its packages in one transaction. */
const PACKAGES_OF_PRODUCT_LIMIT = 100

/** A package in a request, by its type and its id. */
type PackageName = { type: PackageType; id: string }

/**
 * Creates a package with its first draft. 404 `ProductNotFoundError`, `PlanNotFound` for the
 * parent; 409 if a plan or an add-on has the id; 400 `EntityIsArchivedError` for an archived
 * product or parent, `InvalidArgumentError` for another status or too many packages.
 */
export const createPackage = (
  call: Call,
  { type, id, productId }: PackageName & { productId: string },
  input: NewPackageInput,
): Promise<PackageAtVersion> => {
  const creation = { kind: PACKAGES[type], id, event: eventOf(type, 'draft_changed') }
  return createInCatalog(call, creation, async (tx, at) => {
    const product = await productForPackages(tx, call.scope, productId)
    if (!at.isTaken) await refuseFullProduct(tx, product)
    const peers = input.parentId === null ? [] : await store.peersIn(tx, product.key)
    const versionKey = call.app.ids.next(at.now)
    return newPackage({ id, type, product }, input, { ...at, versionKey, peers })
  })
}

async function productForPackages(tx: Tx, scope: Scope, id: string): Promise<Reference> {
  const product = await holdProduct(tx, scope, id)
  const field = inBody('productId')
  if (product === null)
    throw notFound(field, 'ProductNotFoundError', `productId: product ${id} not found`)
  if (product.archivedAt !== null)
    throw badInput(field, `productId: the product ${id} is archived`, 'EntityIsArchivedError')
  return { key: product.key, id }
}

async function refuseFullProduct(tx: Tx, { key }: Reference): Promise<void> {
  if ((await store.countPackages(tx, key)) >= PACKAGES_OF_PRODUCT_LIMIT)
    throw badInput(
      inBody('productId'),
      `productId: a product has at most ${PACKAGES_OF_PRODUCT_LIMIT} plans and add-ons`,
      'InvalidArgumentError',
    )
}

/** Changes the draft of a package. 404 for an unknown package; 400 and 404 as `changeContent`. */
export const updatePackage = (
  call: Call,
  { type, id }: PackageName,
  input: PackageInput,
): Promise<PackageAtVersion> =>
  changeInCatalog(call, { kind: PACKAGES[type], id }, async (tx, before, now) => {
    const peers = namesPackages(input) ? await store.peersIn(tx, before.product.key) : []
    return {
      after: changeContent(before, input, { now, peers }),
      event: eventOf(type, 'draft_changed'),
    }
  })

const namesPackages = ({ parentId, compatibleAddonIds, dependencyIds }: PackageInput): boolean =>
  [parentId, compatibleAddonIds, dependencyIds].some((named) => named != null)

/** Opens a draft with the content of the latest version. 404 unknown; 400 as `withDraft`. */
export const createDraft = (call: Call, { type, id }: PackageName): Promise<PackageAtVersion> =>
  lockedInCatalog(call, { kind: PACKAGES[type], id }, async (tx, at, before) => {
    const { draftVersion, ...opened } = withDraft(before, at.now)
    const content = {
      ...before.content,
      key: call.app.ids.next(at.now),
      version: draftVersion,
      createdAt: at.now,
      updatedAt: at.now,
      publishedAt: null,
    }
    const after = { ...opened, draftVersion, content }
    const change = { kind: PACKAGES[type], after, event: eventOf(type, 'draft_changed') }
    await saveInCatalog(tx, at, { ...change, before: null })
    const copy = { from: store.versionOf(before), to: store.versionOf(after) }
    await copyEntitlements(tx, null, [copy])
    return after
  })

/**
 * Discards the draft of a package. A package that was never published is deleted with it. 404
 * unknown, `NoDraftOfferFound`; 400 `EntityIsArchivedError`, `IntegrityViolation` if others name a
 * package that would be deleted; 412 as `refuseNewerDraft`.
 */
export const removeDraft = (call: Call, { type, id }: PackageName): Promise<void> =>
  lockedInCatalog(call, { kind: PACKAGES[type], id }, async (tx, at, before) => {
    const after = withoutDraft(before, at.now)
    await refuseNewerDraft(tx, at, id)
    if (after === null) {
      refuseNamed(id, await namesOf(tx, before))
      await writes.deletePackage(tx, before.key)
    } else {
      const { content } = await store.lockPackageByKey(tx, before.key, 'LATEST_FIRST')
      await writes.savePackage(tx, at.scope, { ...after, content })
      await writes.deleteDrafts(tx, null, [store.versionOf(before)])
    }
    await publish(tx, at, [changeEvent('draft_changed', before, null)])
  })

/** 400 `IntegrityViolation` if other packages name this one. */
function refuseNamed(id: string, { children, plans, dependents }: Names): void {
  const by = [...new Set([...children, ...plans, ...dependents])]
  if (by.length > 0)
    throw badInput(
      inPath('id'),
      `${id} cannot be removed, because ${summarize(by)} refer to it`,
      'IntegrityViolation',
    )
}

/**
 * Publishes the draft of a package. 404 unknown. 400 as `published`, then
 * `PackagePricingTypeNotSet`, `PlanCannotBePublishWhenBasePlanIsDraft`,
 * `PlanCannotBePublishWhenCompatibleAddonIsDraft`, `UnPublishedPackage` for add-ons that it needs;
 * then as `refuseUnpublishable`. 412 as `refuseNewerDraft`. Returns the id of the task that moves
 * subscriptions to the new version, or null.
 */
export const publishPackage = (
  call: Call,
  { type, id, movesSubscriptions }: PackageName & { movesSubscriptions: boolean },
): Promise<Uuid | null> =>
  lockedInCatalog(call, { kind: PACKAGES[type], id }, async (tx, at, before) => {
    const after = published(before, at.now)
    await refuseNewerDraft(tx, at, id)
    await refuseUnready(tx, before)
    const { pricingType } = before.content
    refuseUnpublishable(await entitlementsOf(tx, store.versionOf(before)), { type, pricingType })
    const earlier = await supersede(tx, before)
    const content = { ...before.content, updatedAt: at.now, publishedAt: at.now }
    await saveInCatalog(tx, at, {
      kind: PACKAGES[type],
      before: earlier,
      after: { ...after, content },
      event: eventOf(type, earlier === null ? 'created' : 'updated'),
    })
    // Before the first publication, no subscription has the package.
    return movesSubscriptions && earlier !== null
      ? startTask(tx, at, migrationTo(before, after.latestVersion))
      : null
  })

/** The task that moves the subscriptions with a package to a version of it. */
const migrationTo = ({ key, type, id }: PackageAtVersion, version: number) => ({
  type: 'SUBSCRIPTION_MIGRATION' as const,
  subject: key,
  input: {
    version,
    package: { type: type === 'Plan' ? ('PLAN' as const) : ('ADDON' as const), id },
  },
})

/** Takes the latest version of a package out of lists, and returns it. null: there is none. */
async function supersede(
  tx: Tx,
  { key, latestVersion }: PackageAtVersion,
): Promise<PackageAtVersion | null> {
  if (latestVersion === null) return null
  const latest = await store.lockPackageByKey(tx, key, 'LATEST_FIRST')
  await writes.supersede(tx, key, latestVersion)
  return latest
}

async function refuseUnready(tx: Tx, { id, type, product, content }: PackageAtVersion) {
  const { pricingType, parent, compatibleAddons, dependencies } = content
  const field = inPath('id')
  if (pricingType === null)
    throw badInput(field, `${id} has no pricing type`, 'PackagePricingTypeNotSet')
  const peers = await store.peersIn(tx, product.key)
  const published = new Set(peers.filter((each) => each.isPublished).map(({ key }) => key))
  if (parent !== null && !published.has(parent.key))
    throw badInput(
      field,
      `the parent ${parent.id} of ${id} was never published`,
      'PlanCannotBePublishWhenBasePlanIsDraft',
    )
  const drafts = [...(compatibleAddons ?? []), ...dependencies].filter(
    ({ key }) => !published.has(key),
  )
  if (drafts.length > 0)
    throw badInput(
      field,
      `${id} refers to add-ons that were never published: ${summarize(drafts.map((each) => each.id))}`,
      type === 'Plan' ? 'PlanCannotBePublishWhenCompatibleAddonIsDraft' : 'UnPublishedPackage',
    )
}

/**
 * Archives a package, so that nothing new can be sold with it. An archived one is not changed. 404
 * unknown; 400 as `archived`, and if the draft or the latest version of another package, or the
 * settings of the product, name the package.
 */
export const archivePackage = (call: Call, { type, id }: PackageName): Promise<PackageAtVersion> =>
  changeInCatalog(call, { kind: PACKAGES[type], id }, async (tx, before, now) => {
    const after = archived(before, now)
    const event = eventOf(type, 'deleted')
    if (after === before) return { after: before, event }
    const names = await namesOf(tx, before)
    if (type === 'Addon') refuseSoldAddon(id, names)
    else refuseSoldPlan(before, names, await holdProduct(tx, call.scope, before.product.id))
    return { after: { ...after, content: { ...before.content, updatedAt: now } }, event }
  })

/** Which packages that are not archived name a package, by id. */
type Names = { children: string[]; plans: string[]; dependents: string[] }

async function namesOf(tx: Tx, { key, product }: PackageAtVersion): Promise<Names> {
  const peers = await store.peersIn(tx, product.key)
  const named = (by: (row: store.Peer) => boolean) => [
    ...new Set(peers.filter((row) => !row.isArchived && by(row)).map(({ id }) => id)),
  ]
  return {
    children: named(({ parentKey }) => parentKey === key),
    plans: named(({ compatibleAddonKeys }) => compatibleAddonKeys.includes(key)),
    dependents: named(({ dependencyKeys }) => dependencyKeys.includes(key)),
  }
}

function refuseSoldPlan(
  { id, key, product: { id: productId } }: PackageAtVersion,
  { children }: Names,
  product: ProductOfPackages | null,
): void {
  const field = inPath('id')
  if (children.length > 0)
    throw badInput(
      field,
      `the plans ${summarize(children)} inherit from ${id}`,
      'PlanWithChildCantBeDeleted',
    )
  if (product?.startPlanKey === key)
    throw badInput(
      field,
      `${id} is the start plan in the settings of the product ${productId}`,
      'PlanIsUsedAsDefaultStartPlan',
    )
  if (product?.downgradePlanKey === key)
    throw badInput(
      field,
      `${id} is the downgrade plan in the settings of the product ${productId}`,
      'PlanIsUsedAsDowngradePlan',
    )
}

function refuseSoldAddon(id: string, { plans, dependents }: Names): void {
  if (plans.length > 0)
    throw badInput(
      inPath('id'),
      `${id} is compatible with the plans ${summarize(plans)}`,
      'AddonIsCompatibleWithPlan',
    )
  if (dependents.length > 0)
    throw badInput(
      inPath('id'),
      `the add-ons ${summarize(dependents)} need ${id}`,
      'IntegrityViolation',
    )
}
