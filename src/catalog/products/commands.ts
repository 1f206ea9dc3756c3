import type { Tx } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody, inPath } from '../../kernel/field.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Call } from '../../operation.ts'
import type { CatalogUse } from '../catalog-use.ts'
import {
  type CatalogCall,
  type CatalogKind,
  changeInCatalog,
  createInCatalog,
} from '../change-in-catalog.ts'
import type { Copies, PackageAtVersion, Reference } from '../packages/index.ts'
import {
  archivePackagesOf,
  findPackages,
  planCopies,
  planKeysOf,
  savePackageCopies,
  unarchivePackagesOf,
} from '../packages/index.ts'
import {
  archivedProduct,
  changeProduct,
  copyOfProduct,
  newProduct,
  unarchivedProduct,
} from './change-product.ts'
import { unknownProduct } from './queries.ts'
import { findProducts, lockProducts, saveProduct } from './store.ts'
import type { Journey, NewProductInput, Product, ProductInput } from './types.ts'
import { productToWire } from './wire.ts'

const PRODUCTS: CatalogKind<Product> = {
  noun: 'product',
  decides: false,
  find: findProducts,
  lock: lockProducts,
  save: saveProduct,
  toWire: productToWire,
  notFound: unknownProduct,
}

/** Creates a product. 409 if the id is taken, also by an archived product. */
export const createProduct = (call: Call, id: string, input: NewProductInput): Promise<Product> =>
  createInCatalog(call, { kind: PRODUCTS, id, event: 'product.created' }, async (_, at) =>
    newProduct(id, input, at),
  )

/**
 * Changes the fields in the input. 404 `ProductNotFoundError`; 400 and 404 as `changeProduct`; 400
 * `InvalidArgumentError` for another `multipleSubscriptions` once anything of it was sold.
 */
export const updateProduct = (
  call: Call,
  { id, input, use }: { id: string; input: ProductInput; use: CatalogUse },
): Promise<Product> =>
  changeInCatalog(call, { kind: PRODUCTS, id }, async (tx, before, now) => {
    const plans = input.settings ? await plansOf(tx, call.scope, input.settings) : []
    const after = changeProduct(before, input, { now, plans })
    if (after.multipleSubscriptions !== before.multipleSubscriptions)
      if (await use.wereSold(tx, await planKeysOf(tx, before.key)))
        throw badInput(
          inBody('multipleSubscriptions'),
          `multipleSubscriptions: cannot change after a plan of the product ${id} was sold`,
          'InvalidArgumentError',
        )
    return { after, event: 'product.updated' }
  })

function plansOf(
  tx: Tx,
  scope: Scope,
  { startPlan, downgradePlan }: Journey<string>,
): Promise<PackageAtVersion[]> {
  const ids = [startPlan, downgradePlan].filter((id) => id !== null)
  return findPackages(tx, scope, { type: 'Plan', ids, version: 'LATEST_FIRST' })
}

/**
 * Archives a product with its packages. An archived one is not changed. 404
 * `ProductNotFoundError`; 400 `CannotArchiveProductError` while it has subscriptions that have not
 * ended, and if its packages have more than 8 MB of metadata together.
 */
export const archiveProduct = (call: Call, id: string, use: CatalogUse): Promise<Product> =>
  changeInCatalog(call, { kind: PRODUCTS, id }, async (tx, before, now) => {
    const after = archivedProduct(before, now)
    if (after === before) return { after, event: 'product.deleted' }
    // A plan that was archived alone may still have subscriptions.
    if (await use.areSubscribed(tx, await planKeysOf(tx, before.key)))
      throw badInput(
        inPath('id'),
        `the product ${id} has subscriptions that have not ended`,
        'CannotArchiveProductError',
      )
    await archivePackagesOf(tx, { ...call, now }, before)
    return { after, event: 'product.deleted' }
  })

/**
 * Restores an archived product with the packages that were archived with it. An active one is not
 * changed. 404 `ProductNotFoundError`.
 */
export const unarchiveProduct = (call: Call, id: string): Promise<Product> =>
  changeInCatalog(call, { kind: PRODUCTS, id }, async (tx, before, now) => {
    const after = unarchivedProduct(before, now)
    if (after !== before) await unarchivePackagesOf(tx, { ...call, now }, before)
    return { after, event: 'product.unarchived' }
  })

/** Fields of the copy of a product in a request. Absent fields are those of the source. */
type DuplicateInput = {
  targetId: string
  displayName: string | undefined
  description: string | null | undefined
}

/**
 * Copies a product with its packages that are not archived. 404 `ProductNotFoundError`; 400
 * `EntityIsArchivedError`, as `planCopies`, and if its packages have more than 8 MB of metadata
 * together; 409 if `targetId` is taken.
 */
export function duplicateProduct(
  call: Call,
  id: string,
  { targetId, ...input }: DuplicateInput,
): Promise<Product> {
  let copied: { copies: Copies; source: Reference } | null = null
  const creation = {
    kind: PRODUCTS,
    id: targetId,
    field: 'targetId',
    event: 'product.created' as const,
    follow: (tx: Tx, at: CatalogCall, product: Product) =>
      savePackageCopies(tx, at, {
        ...required(copied, 'what is copied'),
        product: { key: product.key, id: targetId },
      }),
  }
  return createInCatalog(call, creation, async (tx, at) => {
    const [source] = await lockProducts(tx, call.scope, [id])
    if (source === undefined) throw unknownProduct(id)
    // The copies of an earlier request have the ids.
    const of = { productKey: source.key, targetId, isMade: at.isTaken }
    const copies = await planCopies(tx, { ...call, now: at.now }, of)
    copied = { copies, source: { key: source.key, id } }
    return copyOfProduct(
      source,
      { ...input, id: targetId },
      {
        ...at,
        copyOf: ({ key }) => required(copies.get(key), 'the copy of a plan of the settings'),
      },
    )
  })
}
