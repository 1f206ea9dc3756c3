import type { CustomCurrency } from '../../api.gen.ts'
import { instantToWire } from '../../kernel/clock.ts'
import type { Currency } from './types.ts'

export const currencyToWire = (currency: Currency): CustomCurrency => ({
  id: currency.id,
  displayName: currency.displayName,
  description: currency.description,
  symbol: currency.symbol,
  units: currency.units,
  metadata: { ...currency.metadata },
  archivedAt: currency.archivedAt === null ? null : instantToWire(currency.archivedAt),
  createdAt: instantToWire(currency.createdAt),
  updatedAt: instantToWire(currency.updatedAt),
})
