export { newCurrency } from './change-currency.ts'
export { currencyHandlers } from './http.ts'
export { unknownCurrency } from './queries.ts'
export {
  currenciesBeginning,
  findCurrencies,
  findCurrenciesByKey,
  holdCurrencies,
} from './store.ts'
export type { Currency } from './types.ts'
