import type { Catalog, CatalogChange, CatalogReference } from '../../api.gen.ts'
import { type Database, type Tx, within } from '../../db/index.ts'
import { ApiError, preconditionFailed } from '../../kernel/errors.ts'
import { inBody } from '../../kernel/field.ts'
import type { Call, Handlers } from '../../operation.ts'
import { lockCatalog } from '../catalog-store.ts'
import { findCurrencies } from '../currencies/index.ts'
import { findFeatures } from '../features/index.ts'
import { replaceEntitlements } from '../packages/entitlements/index.ts'
import { findPackages } from '../packages/index.ts'
import { findProducts } from '../products/index.ts'
import { type CatalogEntitlement, entitlementFromDocument } from './canonical-entitlement.ts'
import { compareCatalogs } from './compare-catalogs.ts'
import { findConflicts } from './find-conflicts.ts'
import { findMistakes } from './find-mistakes.ts'
import { type Item, itemsOf, keyOf, type Place, placesOf } from './items.ts'
import { MISTAKES_LIMIT, type Mistake, NOUNS, objectAt, partsIn, textOf } from './mistakes.ts'
import { type CatalogFound, type CatalogLists, readCatalog } from './read-catalog.ts'
import {
  type CatalogOperation,
  REPLACE_ENTITLEMENTS,
  type Step,
  stepsOf,
  unarchiveStep,
} from './steps.ts'
import { wordsOf } from './words.ts'

/** The operations of a catalog. All of its rules are theirs. */
export type CatalogOperations = CatalogLists & Handlers<CatalogOperation>

/** Returns the catalog at one instant. 400 if it is too large for one document. */
export const retrieveCatalog = (lists: CatalogLists, call: Call): Promise<CatalogFound> =>
  call.app.db.snapshot((read) => {
    const db: Database = { ...call.app.db, read }
    return readCatalog(lists, { ...call, app: { ...call.app, db } })
  })

export type CatalogRequest = {
  catalog: Catalog
  /** Null: any. */
  revision: string | null
  isDryRun: boolean
  archives: boolean
}

export type CatalogResult = {
  revision: string
  changes: CatalogChange[]
  left: readonly CatalogReference[]
  drafts: readonly CatalogReference[]
}

/** Ends a transaction whose changes nobody wanted. */
class Rollback extends Error {
  readonly applied: CatalogResult
  constructor(applied: CatalogResult) {
    super('a dry run was not rolled back')
    this.applied = applied
  }
}

/**
 * Makes the catalog of an environment equal to a document, in one transaction. A dry run makes the
 * same changes and rolls them back. 400 for mistakes in the document, for conflicts with the
 * environment, and for what an operation refuses. 412 for another revision.
 */
export async function applyCatalog(
  operations: CatalogOperations,
  call: Call,
  request: CatalogRequest,
): Promise<CatalogResult> {
  refuse(findMistakes(request.catalog))
  const work = async (tx: Tx) => {
    await lockCatalog(tx, call.scope)
    const inside = { ...call, ifMatch: null, isRetry: false, app: { ...call.app, db: within(tx) } }
    const applied = await applyWithin(operations, inside, request)
    if (request.isDryRun) throw new Rollback(applied)
    return applied
  }
  return call.app.db.transaction(work).catch((error) => {
    if (error instanceof Rollback) return error.applied
    throw error
  })
}

async function applyWithin(
  operations: CatalogOperations,
  call: Call,
  { catalog, revision, isDryRun, archives }: CatalogRequest,
): Promise<CatalogResult> {
  const before = await readCatalog(operations, call)
  if (revision !== null && revision !== before.revision)
    throw preconditionFailed(
      inBody('revision'),
      `revision: the catalog has changed; it now has the revision ${before.revision}`,
    )
  const unarchived = await unarchive(operations, call, { catalog, before: before.catalog })
  const { catalog: found, drafts } =
    unarchived.length === 0 ? before : await readCatalog(operations, call)
  const difference = compareCatalogs(found, catalog, { archives })
  const archived = await archivedPackages(
    call,
    difference.changes.map(({ item }) => item),
  )
  refuse(findConflicts(catalog, difference, { drafts, archived }))
  await run(operations, call, { catalog, steps: stepsOf(difference.changes) })
  const isSame = difference.changes.length === 0 && unarchived.length === 0
  const after = isDryRun || isSame ? before : await readCatalog(operations, call)
  const changes = difference.changes.map(({ action, item, fields }) => ({
    action,
    type: item.type,
    id: item.id,
    details: wordsOf(fields),
  }))
  return {
    revision: after.revision,
    changes: [
      ...unarchived.map(({ type, id }) => ({
        action: 'UNARCHIVE' as const,
        type,
        id,
        details: [],
      })),
      ...changes,
    ],
    left: difference.left,
    drafts,
  }
}

/** Unarchives the objects of a document that are archived. A product restores its packages. */
async function unarchive(
  operations: CatalogOperations,
  { app, scope, ...call }: Call,
  { catalog, before }: { catalog: Catalog; before: Catalog },
): Promise<Item[]> {
  const known = itemsOf(before)
  const missing = [...itemsOf(catalog).values()].filter((item) => !known.has(keyOf(item)))
  const idsOf = (type: Item['type']) =>
    missing.flatMap((item) => (item.type === type ? [item.id] : []))
  const { read } = app.db
  const found = new Set([
    ...(await findFeatures(read, scope, idsOf('FEATURE'))).map(({ id }) => `FEATURE ${id}`),
    ...(await findCurrencies(read, scope, idsOf('CURRENCY'))).map(({ id }) => `CURRENCY ${id}`),
    ...(await findProducts(read, scope, idsOf('PRODUCT'))).map(({ id }) => `PRODUCT ${id}`),
  ])
  const archived = missing.filter((item) => found.has(keyOf(item)))
  const steps = archived.flatMap((item) => unarchiveStep(item) ?? [])
  await run(operations, { ...call, app, scope }, { catalog, steps })
  return archived
}

/** Returns those of the plans and add-ons that are archived, by the type that the items have. */
async function archivedPackages(
  { app, scope }: Call,
  items: readonly Item[],
): Promise<CatalogReference[]> {
  const packages = items.filter(({ type }) => type === 'PLAN' || type === 'ADDON')
  const ids = packages.map(({ id }) => id)
  const query = { type: null, ids, version: 'LATEST_FIRST' as const }
  const found = await findPackages(app.db.read, scope, query)
  const archived = new Set(found.flatMap(({ id, archivedAt }) => (archivedAt === null ? [] : [id])))
  return packages.filter(({ id }) => archived.has(id))
}

type Run = { catalog: Catalog; steps: readonly Step[] }

/**
 * Runs requests one after the other. For the first refused one, a 400 that names its place in the
 * document.
 */
async function run(operations: CatalogOperations, call: Call, { catalog, steps }: Run) {
  const places = placesOf(catalog)
  for (const { item, operation, params, body } of steps) {
    // The bodies are built from a document that conforms to its schema.
    const handler: Handler =
      operation === REPLACE_ENTITLEMENTS
        ? () => replaceEntitlementsOf(item, call)
        : (operations[operation] as Handler)
    await handler({ params, query: {}, body }, call).catch((error: unknown) => {
      throw atPlace(error, item, places.get(keyOf(item)) ?? [])
    })
  }
}

type Handler = (
  request: { params: object; query: object; body: unknown },
  call: Call,
) => Promise<unknown>

async function replaceEntitlementsOf({ type, id, fields }: Item, call: Call): Promise<void> {
  const given = (fields.entitlements ?? []) as readonly CatalogEntitlement[]
  const inputs = given.map((each, index) =>
    entitlementFromDocument(each, inBody('entitlements', index)),
  )
  await replaceEntitlements(call, { type: type === 'PLAN' ? 'Plan' : 'Addon', id }, inputs)
}

function atPlace(error: unknown, item: Item, place: Place): unknown {
  if (!(error instanceof ApiError) || error.status === 503) return error
  const message = `the ${NOUNS[item.type]} ${item.id}: ${error.message}`
  const [name, ...inner] = partsIn(error.field)
  // Requests have fields that documents do not have, such as the id of the product.
  const parts =
    name !== undefined && name !== 'productId' && name in item.fields ? [name, ...inner] : []
  const field = inBody('catalog', ...place, ...parts)
  const code = error.status === 400 ? error.code : 'BadUserInput'
  return new ApiError(400, code, message, { field, mistakes: [{ field, message }] })
}

/** The most mistakes that a message names. */
const SHOWN_LIMIT = 20

/** 400 if there are mistakes. The field is that of the first one. */
function refuse(mistakes: readonly Mistake[]): void {
  const listed = mistakes.slice(0, MISTAKES_LIMIT).map(({ place, message }) => {
    const object = objectAt(place)
    const text = object.length === 0 ? message : `${textOf(object)}: ${message}`
    return { field: inBody('catalog', ...place), message: text }
  })
  const [first] = listed
  if (first === undefined) return
  const shown = listed.slice(0, SHOWN_LIMIT).map(({ message }) => message)
  const more = mistakes.length - shown.length
  const message = more === 0 ? shown.join('; ') : `${shown.join('; ')}; and ${more} more`
  throw new ApiError(400, 'BadUserInput', message, { field: first.field, mistakes: listed })
}
