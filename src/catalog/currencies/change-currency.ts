import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { patchMetadata, refuseOversized } from '../../kernel/metadata.ts'
import { sent } from '../../kernel/patch.ts'
import type { Currency, CurrencyInput } from './types.ts'

/** What of one environment every balance and every list of a customer's credits may repeat. */
export const ACTIVE_CURRENCIES_LIMIT = 100

/** A currency as it is created. */
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
 * A currency after what a request says of it: itself when nothing differs. 400
 * `EntityIsArchivedError` for an archived one, `InvalidMetadataError`.
 */
export function changeCurrency(before: Currency, input: CurrencyInput, now: Instant): Currency {
  if (before.archivedAt !== null)
    throw badInput(
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
  refuseOversized(after.metadata, `the custom currency ${before.id}`)
  return isDeepStrictEqual(before, after) ? before : { ...after, updatedAt: now }
}

/** A currency that is granted no more; itself when it is archived already. */
export const archivedCurrency = (before: Currency, now: Instant): Currency =>
  before.archivedAt === null ? { ...before, archivedAt: now, updatedAt: now } : before

/** A currency in use again; itself when it is not archived. */
export const unarchivedCurrency = (before: Currency, now: Instant): Currency =>
  before.archivedAt === null ? before : { ...before, archivedAt: null, updatedAt: now }

/** Refuses (400 `TooManyCustomCurrencies`) one more active currency beside so many. */
export function refuseTooMany(active: number): void {
  if (active >= ACTIVE_CURRENCIES_LIMIT)
    throw badInput(
      `an environment has at most ${ACTIVE_CURRENCIES_LIMIT} active custom currencies; archive one first`,
      'TooManyCustomCurrencies',
    )
}
