import type { Catalog, CatalogObjectType, CatalogReference } from '../../api.gen.ts'
import { canonicalCatalog } from './canonical.ts'

/** A place in a document: the names and indexes on the way to it. */
export type Place = readonly (string | number)[]

/** One object of a catalog. */
export type Item = {
  readonly type: CatalogObjectType
  readonly id: string
  /** In canonical form, without the id. Those of plans and add-ons include `productId`. */
  readonly fields: Readonly<Record<string, unknown>>
}

export const keyOf = ({ type, id }: CatalogReference): string => `${type} ${id}`

/** Returns the objects of a catalog in canonical form and order, by `keyOf`. */
export function itemsOf(catalog: Catalog): Map<string, Item> {
  const { features = [], currencies = [], products = [] } = canonicalCatalog(catalog)
  const items = [
    ...features.map((each) => itemOf('FEATURE', each)),
    ...currencies.map((each) => itemOf('CURRENCY', each)),
    ...products.flatMap(({ plans = [], addons = [], ...product }) => [
      itemOf('PRODUCT', product),
      ...plans.map((each) => itemOf('PLAN', { ...each, productId: product.id })),
      ...addons.map((each) => itemOf('ADDON', { ...each, productId: product.id })),
    ]),
  ]
  return new Map(items.map((item) => [keyOf(item), item]))
}

function itemOf<T extends { id: string }>(type: CatalogObjectType, object: T): Item {
  const { id, ...fields } = object
  return { type, id, fields }
}

/** Returns where the objects of a catalog are in its document, by `keyOf`. */
export function placesOf({ features, currencies, products }: Catalog): Map<string, Place> {
  const places = (type: CatalogObjectType, list: readonly { id: string }[] = [], ...to: Place) =>
    list.map(({ id }, index): [string, Place] => [keyOf({ type, id }), [...to, index]])
  return new Map([
    ...places('FEATURE', features, 'features'),
    ...places('CURRENCY', currencies, 'currencies'),
    ...places('PRODUCT', products, 'products'),
    ...(products ?? []).flatMap(({ plans, addons }, index) => [
      ...places('PLAN', plans, 'products', index, 'plans'),
      ...places('ADDON', addons, 'products', index, 'addons'),
    ]),
  ])
}
