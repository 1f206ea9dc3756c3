import type {
  Catalog,
  CatalogAddon,
  CatalogFeature,
  CatalogPlan,
  CatalogProduct,
} from '../../api.gen.ts'
import { inBody } from '../../kernel/field.ts'
import { type Metadata, refuseOversized } from '../../kernel/metadata.ts'
import { newCurrency } from '../currencies/index.ts'
import {
  changeFeature,
  type Feature,
  meterFromWire,
  newFeature,
  newFeatureFromWire,
} from '../features/index.ts'
import { entitlementMistakes } from './entitlement-mistakes.ts'
import { type Entry, entriesOf, type Mistake, Mistakes, type Soundness } from './mistakes.ts'
import { type ProductEntries, packageMistakes } from './package-mistakes.ts'

/** The most plans and add-ons of a catalog. */
export const PACKAGES_LIMIT = 500

/** The most entitlements of all packages of a catalog. */
export const ENTITLEMENTS_LIMIT = 20_000

/** Where rules get the current time, which nothing in a document depends on. */
const AT = { key: '', now: 0 }

/**
 * Returns everything that is wrong with a document by itself: repeated and unknown ids, cycles,
 * settings that do not fit. Objects that are not sound are known by their ids and not looked into.
 */
export function findMistakes(catalog: Catalog, isSound: Soundness = () => true): Mistake[] {
  const mistakes = new Mistakes()
  const features = entriesOf(catalog.features, isSound, 'features')
  const currencies = entriesOf(catalog.currencies, isSound, 'currencies')
  mistakes.refuseRepeated('feature', features)
  mistakes.refuseRepeated('currency', currencies)
  const known = {
    features: byId(features, (entry) => (entry.isSound ? featureOf(entry, mistakes) : undefined)),
    currencies: byId(currencies, ({ id }) => newCurrency(id ?? '', { displayName: '' }, AT)),
  }
  const products = entriesOf(catalog.products, isSound, 'products')
  mistakes.refuseRepeated('product', products)
  const packages = products.map((product) => packagesOf(product, isSound))
  const all = packages.flatMap(({ plans, addons }) => [...plans, ...addons])
  mistakes.refuseRepeated('plan or add-on', all)
  if (all.length > PACKAGES_LIMIT)
    mistakes.add(['products'], `a catalog has at most ${PACKAGES_LIMIT} plans and add-ons`)
  for (const of of packages) packageMistakes(of, mistakes)
  metadataMistakes([...features, ...currencies, ...products, ...all], mistakes)
  if (all.reduce((sum, { value }) => sum + lengthOf(value), 0) > ENTITLEMENTS_LIMIT)
    mistakes.add(['products'], `a catalog has at most ${ENTITLEMENTS_LIMIT} entitlements`)
  else
    for (const of of packages) {
      for (const entry of of.plans) entitlementMistakes('Plan', entry, { isSound, known, mistakes })
      for (const entry of of.addons)
        entitlementMistakes('Addon', entry, { isSound, known, mistakes })
    }
  return mistakes.found
}

/** A document may be larger than the metadata of one object. */
function metadataMistakes(
  entries: readonly Entry<{ id: string; metadata?: Metadata }>[],
  mistakes: Mistakes,
): void {
  for (const { isSound, value, place } of entries)
    if (isSound)
      mistakes.check(place, () =>
        refuseOversized(value.metadata ?? {}, value.id, inBody('metadata')),
      )
}

const lengthOf = (pack: CatalogPlan | CatalogAddon): number => {
  const { entitlements } = Object(pack) as CatalogPlan
  return Array.isArray(entitlements) ? entitlements.length : 0
}

/** Returns the objects by their ids, the first one of each id. */
function byId<T, Object>(
  entries: readonly Entry<T>[],
  objectOf: (entry: Entry<T>) => Object,
): ReadonlyMap<string, Object> {
  const objects = new Map<string, Object>()
  for (const entry of entries) {
    const object = objectOf(entry)
    if (entry.id !== null && !objects.has(entry.id)) objects.set(entry.id, object)
  }
  return objects
}

function packagesOf(product: Entry<CatalogProduct>, isSound: Soundness): ProductEntries {
  const { plans, addons } = Object(product.value) as CatalogProduct
  return {
    product,
    plans: entriesOf(plans, isSound, ...product.place, 'plans'),
    addons: entriesOf(addons, isSound, ...product.place, 'addons'),
  }
}

/** Returns the feature that a document describes, without its meter. */
function featureOf(
  { value, place }: Entry<CatalogFeature>,
  mistakes: Mistakes,
): Feature | undefined {
  const feature = mistakes.check(place, () => newFeature(value.id, newFeatureFromWire(value), AT))
  const { meter } = value
  if (meter === undefined) return feature
  const read = mistakes.check(place, () => meterFromWire(meter))
  if (feature !== undefined && read !== undefined)
    mistakes.check(place, () => changeFeature(feature, { meter: read }, AT.now))
  return feature
}
