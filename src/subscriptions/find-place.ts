import { findPackageNames, type PackageName } from '../catalog/packages/index.ts'
import type { Product } from '../catalog/products/index.ts'
import { addResource, findResourceKeys } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import { assert } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Call } from '../operation.ts'
import { emptyLine } from './change-line.ts'
import { downgradePlanOf, productOf } from './journey.ts'
import { findLine, type LinePlace, type StoredLine } from './line-store.ts'
import { loadPackages } from './load-packages.ts'
import { requirePlan } from './provision-subscription.ts'
import { requirePlace } from './require-place.ts'
import type { SettledCustomer } from './settle-lines.ts'
import type { Packages, PackageVersion } from './types.ts'

/** The line to which a new subscription belongs, and its plan. */
export type Place = {
  stored: StoredLine
  product: Product
  plan: PackageVersion
  planKey: Uuid
  packages: Packages
  /** The plan and the add-ons that the request names, as far as they exist. */
  names: readonly PackageName[]
}

export type PlaceQuery = {
  planId: string
  resourceId: string | null
  addonIds: readonly string[]
}

/**
 * Finds the plan and the line of a request. A new resource is added. 404 and 400 as `requirePlan`
 * and `requirePlace`; 400 `EntityIsArchivedError` for an archived product.
 */
export async function findPlace(
  tx: Tx,
  call: Call & { now: Instant },
  customer: SettledCustomer,
  { planId, resourceId, addonIds }: PlaceQuery,
): Promise<Place> {
  const { scope, now } = call
  const names = await findPackageNames(tx, scope, [planId, ...addonIds])
  const found = names.find(({ id, type }) => id === planId && type === 'Plan')
  const product = found && (await productOf(tx, found.productKey))
  const keys = [...names.map(({ key }) => key), product && downgradePlanOf(product)]
  const packages = await loadPackages(
    tx,
    customer.lines.filter((each) => each.productKey === product?.key).map(({ line }) => line),
    { keys: keys.flatMap((key) => key ?? []), now },
  )
  const plan = requirePlan((found && packages.get(found.key)) ?? null, planId, now)
  assert(found !== undefined && product !== undefined, 'a plan has a product')
  if (product.archivedAt !== null)
    throw badInput(
      inBody('planId'),
      `planId: the product ${product.id} is archived`,
      'EntityIsArchivedError',
    )
  requirePlace({
    product: { id: product.id, hasMultiple: product.multipleSubscriptions },
    resourceId,
    present: customer.lines.flatMap(({ line }) => line.subscriptions).length,
  })
  const { customerKey } = customer
  const resourceKey =
    resourceId === null ? null : await provideResource(tx, call, customerKey, resourceId)
  const place = { productKey: product.key, resourceKey }
  const stored = await lineAtPlace(tx, call, customer, place)
  return { stored, product, plan, planKey: found.key, packages, names }
}

/** Returns the key of a resource of a customer. A new one is added. */
export async function provideResource(
  tx: Tx,
  { app, scope, now }: Call & { now: Instant },
  customerKey: Uuid,
  resourceId: string,
): Promise<Uuid> {
  const [found = null] = await findResourceKeys(tx, [{ customerKey, resourceId }])
  if (found !== null) return found
  const key = app.ids.next(now)
  await addResource(
    tx,
    { scope, customerKey },
    { key, id: resourceId, createdAt: now, updatedAt: now },
  )
  return key
}

/** Returns the line of a customer at a place: a new one, if there is none. */
export async function lineAtPlace(
  tx: Tx,
  { app, now }: Call & { now: Instant },
  { customerKey, lines }: SettledCustomer,
  place: LinePlace,
): Promise<StoredLine> {
  const { productKey, resourceKey } = place
  const present = lines.find(
    (each) => each.productKey === productKey && each.resourceKey === resourceKey,
  )
  if (present !== undefined) return present
  const empty = { line: emptyLine(now), revisions: new Map() }
  const ended = await findLine(tx, customerKey, place)
  return { ...place, ...empty, key: ended?.key ?? app.ids.next(now) }
}
