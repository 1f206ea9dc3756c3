import type { Tx } from '../../db/index.ts'
import { type EventType, publish } from '../../events/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { badInput, duplicated } from '../../kernel/errors.ts'
import type { Call } from '../../operation.ts'
import { bumpCatalogVersion, catalogTurn, lockCatalog } from '../catalog-store.ts'
import { type CatalogUse, summarize } from '../catalog-use.ts'
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

/**
 * Creates a currency. 400 `TooManyCustomCurrencies`; 409 for an id that is taken, also by an
 * archived currency.
 */
export async function createCurrency(
  call: Call,
  currencyId: string,
  input: CurrencyInput & { displayName: string },
): Promise<Currency> {
  const { app, scope } = call
  const work = async (tx: Tx) => {
    const [, [taken], active] = await Promise.all([
      lockCatalog(tx, scope),
      findCurrencies(tx, scope, [currencyId]),
      countActiveCurrencies(tx, scope),
    ])
    refuseTooMany(active)
    if (taken !== undefined)
      throw duplicated(`id: there is a custom currency ${currencyId} already`)
    const now = app.clock.now()
    const after = newCurrency(currencyId, input, { key: app.ids.next(now), now })
    await save(tx, { ...call, now }, { before: null, after, event: 'credit_type.created' })
    return after
  }
  return app.db.transaction(work, { turn: catalogTurn(scope) })
}

/**
 * Changes what the input names and keeps the rest. 404 `CustomCurrencyNotFound`; 400 as
 * `changeCurrency`.
 */
export const updateCurrency = (
  call: Call,
  currencyId: string,
  input: CurrencyInput,
): Promise<Currency> =>
  changing(call, currencyId, async (_, before, now) => ({
    after: changeCurrency(before, input, now),
    event: 'credit_type.updated',
  }))

/**
 * Keeps a currency from new grants; one that is archived already stays as it is. 404
 * `CustomCurrencyNotFound`; 400 `IntegrityViolation` when packages grant credits of it.
 */
export const archiveCurrency = (
  call: Call,
  currencyId: string,
  use: CatalogUse,
): Promise<Currency> =>
  changing(call, currencyId, async (tx, before, now) => {
    const after = archivedCurrency(before, now)
    const packages =
      after === before ? [] : await use.packagesWithCurrency(tx, call.scope, before.key)
    if (packages.length > 0)
      throw badInput(
        `credits of the custom currency ${currencyId} are granted by ${summarize(packages.map(({ id }) => id))}`,
        'IntegrityViolation',
      )
    return { after, event: 'credit_type.archived' }
  })

/**
 * Takes a currency back into use; one that is active stays as it is. 404 `CustomCurrencyNotFound`;
 * 400 `TooManyCustomCurrencies`.
 */
export const unarchiveCurrency = (call: Call, currencyId: string): Promise<Currency> =>
  changing(call, currencyId, async (tx, before, now) => {
    const after = unarchivedCurrency(before, now)
    if (after !== before) refuseTooMany(await countActiveCurrencies(tx, call.scope))
    return { after, event: 'credit_type.unarchived' }
  })

type CurrencyChange = { after: Currency; event: EventType }

/** Loads a currency under its lock, lets `decide` say what becomes of it, saves what differs. */
async function changing(
  call: Call,
  currencyId: string,
  decide: (tx: Tx, before: Currency, now: Instant) => Promise<CurrencyChange>,
): Promise<Currency> {
  const { app, scope } = call
  const work = async (tx: Tx) => {
    const [, [before]] = await Promise.all([
      lockCatalog(tx, scope),
      lockCurrencies(tx, scope, [currencyId]),
    ])
    if (before === undefined) throw unknownCurrency(currencyId)
    const now = app.clock.now()
    const { after, event } = await decide(tx, before, now)
    if (after !== before) await save(tx, { ...call, now }, { before, after, event })
    return after
  }
  return app.db.transaction(work, { turn: catalogTurn(scope) })
}

async function save(
  tx: Tx,
  call: Call & { now: Instant },
  { before, after, event }: CurrencyChange & { before: Currency | null },
): Promise<void> {
  const announcement = {
    type: event,
    customerKey: null,
    objectId: after.id,
    before: before && currencyToWire(before),
    after: currencyToWire(after),
  }
  await Promise.all([
    saveCurrency(tx, call.scope, after),
    publish(tx, call, [announcement]),
    bumpCatalogVersion(tx, call.scope),
  ])
}
