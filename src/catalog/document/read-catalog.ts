import type { Addon, Catalog, CatalogObjectType, Plan } from '../../api.gen.ts'
import { required } from '../../kernel/assert.ts'
import { badInput } from '../../kernel/errors.ts'
import { etagOf } from '../../kernel/etag.ts'
import { PAGE_LIMITS } from '../../kernel/page.ts'
import type { Call, Handlers } from '../../operation.ts'
import { archivedName, entitlementsOfEach } from '../packages/entitlements/index.ts'
import { findPackageNames } from '../packages/index.ts'
import { canonicalAddon, canonicalCatalog, canonicalPlan } from './canonical.ts'
import { type CatalogEntitlement, entitlementToDocument } from './canonical-entitlement.ts'
import type { Draft } from './find-conflicts.ts'
import { ENTITLEMENTS_LIMIT, PACKAGES_LIMIT } from './find-mistakes.ts'

/** The operations that list the objects of a catalog. */
export type CatalogLists = Handlers<
  | 'v1.features.listFeatures'
  | 'v1.credits.customCurrencies.list'
  | 'v1.products.listProducts'
  | 'v1.plans.list'
  | 'v1.addons.list'
>

export type CatalogFound = { revision: string; catalog: Catalog; drafts: readonly Draft[] }

/** The most objects of a document, as in its schema. */
const LIMITS = { features: 1000, currencies: 100, products: 100 }
/** Of all objects of a document as JSON, in bytes. */
const BYTES_LIMIT = 8 * 1_048_576

/**
 * Reads what is published and not archived, in canonical form. Call it where all statements see the
 * same instant. 400 if it is too large for one document.
 */
export async function readCatalog(lists: CatalogLists, call: Call): Promise<CatalogFound> {
  const size = { bytes: 0 }
  const read = <T>(noun: string, most: number, list: List<T>) => readAll(list, { noun, most, size })
  const [plans, addons] = [
    await read('plans and their drafts', 2 * PACKAGES_LIMIT, (query) =>
      lists['v1.plans.list']({ ...NOTHING, query: { ...query, status: OPEN } }, call),
    ),
    await read('add-ons and their drafts', 2 * PACKAGES_LIMIT, (query) =>
      lists['v1.addons.list']({ ...NOTHING, query: { ...query, status: OPEN } }, call),
    ),
  ]
  const features = await read('features', LIMITS.features, (query) =>
    lists['v1.features.listFeatures'](
      { ...NOTHING, query: { ...query, status: ['NEW', 'ACTIVE'] } },
      call,
    ),
  )
  const currencies = await read('currencies', LIMITS.currencies, (query) =>
    lists['v1.credits.customCurrencies.list'](
      { ...NOTHING, query: { ...query, status: ['ACTIVE'] } },
      call,
    ),
  )
  const products = await read('products', LIMITS.products, (query) =>
    lists['v1.products.listProducts'](
      { ...NOTHING, query: { ...query, status: ['PUBLISHED'] } },
      call,
    ),
  )
  const [publishedPlans, publishedAddons] = [plans.filter(isPublished), addons.filter(isPublished)]
  if (publishedPlans.length + publishedAddons.length > PACKAGES_LIMIT)
    throw tooLarge(`${PACKAGES_LIMIT} plans and add-ons`)
  const given = await readEntitlements(call, [...publishedPlans, ...publishedAddons], size)
  const entitlementsOf = ({ id }: Plan | Addon) => given.get(id) ?? []
  const catalog = canonicalCatalog({
    features,
    currencies,
    products: products.map((product) => ({
      ...product,
      plans: publishedPlans
        .filter(of(product.id))
        .map((plan) => planOf(plan, entitlementsOf(plan))),
      addons: publishedAddons
        .filter(of(product.id))
        .map((addon) => addonOf(addon, entitlementsOf(addon))),
    })),
  } as Catalog)
  const drafts = [...draftsOf('PLAN', plans), ...draftsOf('ADDON', addons)]
  return { catalog, drafts, revision: etagOf({ catalog, drafts }).replaceAll('"', '') }
}

const NOTHING = { params: {}, body: undefined }
const OPEN: ('PUBLISHED' | 'DRAFT')[] = ['PUBLISHED', 'DRAFT']

type List<T> = (query: {
  limit: number
  after?: string
}) => Promise<{ data: T[]; pagination: { next: string | null } }>

type Bounds = { noun: string; most: number; size: { bytes: number } }

async function readAll<T>(list: List<T>, { noun, most, size }: Bounds): Promise<T[]> {
  const found: T[] = []
  for (let next: string | null = null, isFirst = true; isFirst || next !== null; isFirst = false) {
    const cursor = next === null ? {} : { after: next }
    const { data, pagination }: Awaited<ReturnType<List<T>>> = await list({
      limit: PAGE_LIMITS.max,
      ...cursor,
    })
    found.push(...data)
    addTo(size, data)
    if (found.length > most) throw tooLarge(`${most} ${noun}`)
    next = pagination.next
  }
  return found
}

function addTo(size: Bounds['size'], data: unknown): void {
  size.bytes += Buffer.byteLength(JSON.stringify(data))
  if (size.bytes > BYTES_LIMIT) throw tooLarge(`${BYTES_LIMIT} bytes`)
}

/** How many entitlements one statement returns at most, unless one package has more. */
const BATCH_LIMIT = 1000

/**
 * Returns what packages give, by their ids, in its order. What is archived is left out: a package
 * that was restored with its product may still name it.
 */
async function readEntitlements(
  { app: { db }, scope }: Call,
  packages: readonly (Plan | Addon)[],
  size: Bounds['size'],
): Promise<ReadonlyMap<string, readonly CatalogEntitlement[]>> {
  const count = packages.reduce((sum, { entitlements }) => sum + entitlements.length, 0)
  if (count > ENTITLEMENTS_LIMIT) throw tooLarge(`${ENTITLEMENTS_LIMIT} entitlements`)
  const ids = packages.map(({ id }) => id)
  const names = await findPackageNames(db.read, scope, ids)
  const keys = new Map(names.map(({ id, key }) => [id, key]))
  const given = new Map<string, readonly CatalogEntitlement[]>()
  for (const batch of batchesOf(packages)) {
    const versions = batch.map(({ id, versionNumber }) => ({
      packageKey: required(keys.get(id), 'a published package'),
      version: versionNumber,
    }))
    const ofEach = await entitlementsOfEach(db.read, versions)
    for (const [index, { id }] of batch.entries()) {
      const named = (ofEach[index] ?? []).filter((each) => archivedName(each) === null)
      const entitlements = named.map(entitlementToDocument)
      addTo(size, entitlements)
      given.set(id, entitlements)
    }
  }
  return given
}

function* batchesOf<T extends Plan | Addon>(packages: readonly T[]): Generator<T[]> {
  let batch: T[] = []
  let count = 0
  for (const each of packages) {
    const own = each.entitlements.length
    if (own === 0) continue
    if (batch.length > 0 && count + own > BATCH_LIMIT) {
      yield batch
      batch = []
      count = 0
    }
    batch.push(each)
    count += own
  }
  if (batch.length > 0) yield batch
}

const tooLarge = (most: string) =>
  badInput(null, `the catalog has more than ${most}, the maximum of one document`)

const isPublished = ({ status }: Plan | Addon): boolean => status === 'PUBLISHED'

const of =
  (id: string) =>
  ({ productId }: Plan | Addon): boolean =>
    productId === id

/** What is published has a pricing type. */
const pricingTypeOf = ({ pricingType }: Plan | Addon) => required(pricingType, 'a pricing type')

const planOf = (plan: Plan, entitlements: readonly CatalogEntitlement[]) =>
  canonicalPlan({ ...plan, pricingType: pricingTypeOf(plan), entitlements: [...entitlements] })

const addonOf = (addon: Addon, entitlements: readonly CatalogEntitlement[]) =>
  canonicalAddon({ ...addon, pricingType: pricingTypeOf(addon), entitlements: [...entitlements] })

const draftsOf = (type: CatalogObjectType, versions: readonly (Plan | Addon)[]): Draft[] =>
  versions
    .filter(({ status }) => status === 'DRAFT')
    .map(({ id, productId }) => ({ type, id, productId }))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
