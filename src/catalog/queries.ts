import { readPage } from '../db/index.ts'
import { notFound } from '../kernel/errors.ts'
import type { Page } from '../kernel/page.ts'
import type { Call } from '../operation.ts'
import type { CatalogUse, PackageUse } from './catalog-use.ts'
import * as currencyStore from './currency-store.ts'
import * as featureStore from './feature-store.ts'
import type { Currency, Feature } from './types.ts'

export const unknownFeature = (featureId: string) =>
  notFound('FeatureNotFound', `there is no feature ${featureId}`)

export const unknownCurrency = (currencyId: string) =>
  notFound('CustomCurrencyNotFound', `there is no custom currency ${currencyId}`)

/** One feature, archived or not. 404 `FeatureNotFound`. */
export async function retrieveFeature({ app, scope }: Call, featureId: string): Promise<Feature> {
  const [feature] = await featureStore.findFeatures(app.db.read, scope, [featureId])
  if (feature === undefined) throw unknownFeature(featureId)
  return feature
}

/** Features, archived ones too, newest first. */
export const listFeatures = (
  { app, scope }: Call,
  filter: featureStore.FeatureFilter,
): Promise<Page<Feature>> =>
  readPage(filter.page, {
    rows: () => featureStore.listFeatures(app.db.read, scope, filter),
    exists: (cursor) => featureStore.featureExists(app.db.read, scope, cursor),
  })

/** Currencies, newest first. */
export const listCurrencies = (
  { app, scope }: Call,
  filter: currencyStore.CurrencyFilter,
): Promise<Page<Currency>> =>
  readPage(filter.page, {
    rows: () => currencyStore.listCurrencies(app.db.read, scope, filter),
    exists: (cursor) => currencyStore.currencyExists(app.db.read, scope, cursor),
  })

/** The plans and add-ons that grant credits of a currency. 404 `CustomCurrencyNotFound`. */
export async function listAssociatedEntities(
  { app, scope }: Call,
  currencyId: string,
  use: CatalogUse,
): Promise<PackageUse[]> {
  const [currency] = await currencyStore.findCurrencies(app.db.read, scope, [currencyId])
  if (currency === undefined) throw unknownCurrency(currencyId)
  return use.packagesWithCurrency(app.db.read, scope, currency.key)
}
