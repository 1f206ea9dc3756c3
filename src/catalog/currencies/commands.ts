import { badInput } from '../../kernel/errors.ts'
import { inPath } from '../../kernel/field.ts'
import type { Call } from '../../operation.ts'
import { type CatalogUse, refuseGranted } from '../catalog-use.ts'
import { type CatalogKind, changeInCatalog, createInCatalog } from '../change-in-catalog.ts'
import {
  archivedCurrency,
  changeCurrency,
  newCurrency,
  refuseTooMany,
  unarchivedCurrency,
} from './change-currency.ts'
import { unknownCurrency } from './queries.ts'
import { countActiveCurrencies, findCurrencies, lockCurrencies, saveCurrency } from './store.ts'
import type { Currency, CurrencyInput } from './types.ts'
import { currencyToWire } from './wire.ts'

const CURRENCIES: CatalogKind<Currency> = {
  noun: 'custom currency',
  decides: true,
  find: findCurrencies,
  lock: lockCurrencies,
  save: saveCurrency,
  toWire: currencyToWire,
  notFound: (id) => unknownCurrency(inPath('currencyId'), id),
}

/**
 * Creates a currency. 400 `TooManyCustomCurrencies`. 409 if the id is taken, also by an archived
 * currency.
 */
export const createCurrency = (
  call: Call,
  id: string,
  input: CurrencyInput & { displayName: string },
): Promise<Currency> =>
  createInCatalog(call, { kind: CURRENCIES, id, event: 'credit_type.created' }, async (tx, at) => {
    refuseTooMany(await countActiveCurrencies(tx, call.scope))
    return newCurrency(id, input, at)
  })

/** Changes the fields in the input. 404 `CustomCurrencyNotFound`; 400 as `changeCurrency`. */
export const updateCurrency = (
  call: Call,
  currencyId: string,
  input: CurrencyInput,
): Promise<Currency> =>
  changeInCatalog(call, { kind: CURRENCIES, id: currencyId }, async (_, before, now) => ({
    after: changeCurrency(before, input, now),
    event: 'credit_type.updated',
  }))

/**
 * Archives a currency, so that nothing new can grant it. An archived one is not changed. 404
 * `CustomCurrencyNotFound`; 400 `IntegrityViolation` if packages grant credits of it.
 */
export const archiveCurrency = (
  call: Call,
  currencyId: string,
  use: CatalogUse,
): Promise<Currency> =>
  changeInCatalog(call, { kind: CURRENCIES, id: currencyId }, async (tx, before, now) => {
    const after = archivedCurrency(before, now)
    if (after !== before)
      refuseGranted(await use.packagesWithCurrency(tx, call.scope, before.key), (granted) =>
        badInput(
          inPath('currencyId'),
          `credits of the custom currency ${currencyId} are ${granted}`,
          'IntegrityViolation',
        ),
      )
    return { after, event: 'credit_type.archived' }
  })

/**
 * Restores an archived currency. An active one is not changed. 404 `CustomCurrencyNotFound`; 400
 * `TooManyCustomCurrencies`.
 */
export const unarchiveCurrency = (call: Call, currencyId: string): Promise<Currency> =>
  changeInCatalog(call, { kind: CURRENCIES, id: currencyId }, async (tx, before, now) => {
    const after = unarchivedCurrency(before, now)
    if (after !== before) refuseTooMany(await countActiveCurrencies(tx, call.scope))
    return { after, event: 'credit_type.unarchived' }
  })
