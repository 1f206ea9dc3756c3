import { notFound } from '../../kernel/errors.ts'
import { type Field, inPath } from '../../kernel/field.ts'
import type { Page } from '../../kernel/page.ts'
import type { Call } from '../../operation.ts'
import type { CatalogUse, PackageUse } from '../catalog-use.ts'
import * as currencyStore from './store.ts'
import type { Currency } from './types.ts'

export const unknownCurrency = (field: Field, currencyId: string) =>
  notFound(field, 'CustomCurrencyNotFound', `custom currency ${currencyId} not found`)

/** Returns currencies, newest first. */
export const listCurrencies = (
  { app, scope }: Call,
  filter: currencyStore.CurrencyFilter,
): Promise<Page<Currency>> => currencyStore.listCurrencies(app.db.read, scope, filter)

/** Returns the plans and add-ons that grant credits of a currency. 404 `CustomCurrencyNotFound`. */
export async function listAssociatedEntities(
  { app, scope }: Call,
  currencyId: string,
  use: CatalogUse,
): Promise<PackageUse[]> {
  const [currency] = await currencyStore.findCurrencies(app.db.read, scope, [currencyId])
  if (currency === undefined) throw unknownCurrency(inPath('currencyId'), currencyId)
  return use.packagesWithCurrency(app.db.read, scope, currency.key)
}
