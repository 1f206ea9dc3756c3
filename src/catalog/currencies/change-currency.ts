import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody, inPath } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { patchMetadata, refuseOversized } from '../../kernel/metadata.ts'
import { sent } from '../../kernel/patch.ts'
import type { Currency, CurrencyInput } from './types.ts'

/** Balances and lists of a customer's credits may contain all active currencies. */
export const ACTIVE_CURRENCIES_LIMIT = 100

/** Returns a new currency. */
export const newCurrency = (
  id: string,
  input: CurrencyInput & { displayName: string },
  at: { key: Uuid; now: Instant },
): Currency => ({
  key: at.key,
  id,
  displayName: input.displayName,
  description: input.description ?? null,
  symbol: input.symbol ?? null,
  units: input.units ?? null,
  metadata: patchMetadata({}, input.metadata ?? {}),
  createdAt: at.now,
  updatedAt: at.now,
  archivedAt: null,
})

/**
 * Returns a currency after a request, or the same object if nothing differs. 400
 * `EntityIsArchivedError` for an archived one, `InvalidMetadataError`.
 */
export function changeCurrency(before: Currency, input: CurrencyInput, now: Instant): Currency {
  if (before.archivedAt !== null)
    throw badInput(
      inPath('currencyId'),
      `the custom currency ${before.id} is archived; unarchive it first`,
      'EntityIsArchivedError',
    )
  const after = {
    ...before,
    displayName: sent(input.displayName, before.displayName),
    description: sent(input.description, before.description),
    symbol: sent(input.symbol, before.symbol),
    units: sent(input.units, before.units),
    metadata: input.metadata === null ? {} : patchMetadata(before.metadata, input.metadata),
  }
  refuseOversized(after.metadata, `the custom currency ${before.id}`, inBody('metadata'))
  return isDeepStrictEqual(before, after) ? before : { ...after, updatedAt: now }
}

/** Returns the archived currency, or the same object if it is archived. */
export const archivedCurrency = (before: Currency, now: Instant): Currency =>
  before.archivedAt === null ? { ...before, archivedAt: now, updatedAt: now } : before

/** Returns the active currency, or the same object if it is active. */
export const unarchivedCurrency = (before: Currency, now: Instant): Currency =>
  before.archivedAt === null ? before : { ...before, archivedAt: null, updatedAt: now }

/** 400 `TooManyCustomCurrencies` if one more active currency would exceed the limit. */
export function refuseTooMany(active: number): void {
  if (active >= ACTIVE_CURRENCIES_LIMIT)
    throw badInput(
      null,
      `an environment has at most ${ACTIVE_CURRENCIES_LIMIT} active custom currencies; archive one first`,
      'TooManyCustomCurrencies',
    )
}
