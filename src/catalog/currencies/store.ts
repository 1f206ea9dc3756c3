import type { CustomCurrencyUnits } from '../../api.gen.ts'
import type { Reader, SearchText, Sql, Tx } from '../../db/index.ts'
import { column, readPage, readValue, row, rowsBeginning, sql, textsOf } from '../../db/index.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { foldCase } from '../../kernel/fold-case.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Metadata } from '../../kernel/metadata.ts'
import type { Page, PageRequest } from '../../kernel/page.ts'
import type { Scope } from '../../kernel/scope.ts'
import { inEnvironment } from '../catalog-store.ts'
import type { Currency } from './types.ts'

const currencyRow = row<Currency>({
  key: column.from('currency_key', column.uuid),
  id: column.text,
  displayName: column.text,
  description: column.nullable(column.text),
  symbol: column.nullable(column.text),
  units: column.nullable(column.json<CustomCurrencyUnits>()),
  metadata: column.json<Metadata>(),
  createdAt: column.instant,
  updatedAt: column.instant,
  archivedAt: column.nullable(column.instant),
})

const selectCurrencies = sql`
  select currency_key, id, display_name, description, symbol, units, metadata, created_at,
    updated_at, archived_at
  from currencies`

const currenciesWithIds = (scope: Scope, ids: readonly string[]): Sql =>
  sql`${selectCurrencies} where ${inEnvironment(scope)} and id = any(${ids}::text[])`

const currencies = (reader: Reader, statement: Sql): Promise<Currency[]> =>
  reader.many(currencyRow, statement)

/** Returns currencies by their ids, including archived ones, in no particular order. */
export const findCurrencies = (
  reader: Reader,
  scope: Scope,
  ids: readonly string[],
): Promise<Currency[]> => currencies(reader, currenciesWithIds(scope, ids))

/**
 * Returns currencies by their ids, locked (key share) so that none can be archived before this
 * transaction ends. For adding references. Lock the customer first. In the order of keys.
 */
export const holdCurrencies = (tx: Tx, scope: Scope, ids: readonly string[]): Promise<Currency[]> =>
  currencies(tx, sql`${currenciesWithIds(scope, ids)} order by currency_key for key share`)

/**
 * Returns currencies by their ids, locked (update) so that nothing can refer to them before this
 * transaction ends.
 */
export const lockCurrencies = (tx: Tx, scope: Scope, ids: readonly string[]): Promise<Currency[]> =>
  currencies(tx, sql`${currenciesWithIds(scope, ids)} order by currency_key for update`)

/** Returns currencies of any environment by their keys, in no particular order. */
export const findCurrenciesByKey = (reader: Reader, keys: readonly Uuid[]): Promise<Currency[]> =>
  currencies(reader, sql`${selectCurrencies} where currency_key = any(${keys}::uuid[])`)

export const countActiveCurrencies = (reader: Reader, scope: Scope): Promise<number> =>
  readValue(
    reader,
    column.integer,
    sql`
    select count(*) from currencies
    where ${inEnvironment(scope)} and archived_at is null`,
  )

export type CurrencyFilter = { active: boolean; archived: boolean; page: PageRequest }

export const listCurrencies = (
  reader: Reader,
  scope: Scope,
  filter: CurrencyFilter,
): Promise<Page<Currency>> =>
  readPage(reader, {
    row: currencyRow,
    select: selectCurrencies,
    table: sql`currencies`,
    of: inEnvironment(scope),
    where: [
      sql`case when archived_at is null then ${filter.active}::boolean
        else ${filter.archived}::boolean end`,
    ],
    large: [sql`display_name`, sql`description`, sql`symbol`, sql`units`, sql`metadata`],
    key: sql`currency_key`,
    page: filter.page,
  })

type FoundCurrency = Pick<Currency, 'key' | 'id' | 'displayName' | 'archivedAt'>

const foundRow = row<FoundCurrency>({
  key: column.from('currency_key', column.uuid),
  id: column.text,
  displayName: column.text,
  archivedAt: column.nullable(column.instant),
})

/** Returns currencies whose id or name has a beginning; some several times. */
export const currenciesBeginning = (
  reader: Reader,
  scope: Scope,
  sought: SearchText,
): Promise<FoundCurrency[]> =>
  reader.many(
    foundRow,
    rowsBeginning(
      {
        columns: sql`currency_key, id, display_name, archived_at`,
        from: sql`currencies`,
        where: inEnvironment(scope),
      },
      textsOf(sql`id`, sql`folded_name`, sql`display_name`),
      sought,
    ),
  )

/** Inserts or updates a currency. */
export const saveCurrency = (tx: Tx, scope: Scope, currency: Currency) =>
  tx.execute(sql`
    insert into currencies (currency_key, environment_key, id, display_name, folded_name,
      description, symbol, units, metadata, created_at, updated_at, archived_at)
    values (${currency.key}::uuid, ${scope.environmentKey}::uuid, ${currency.id}::text,
      ${currency.displayName}::text, ${foldCase(currency.displayName)}::text,
      ${currency.description}::text, ${currency.symbol}::text,
      ${currency.units && JSON.stringify(currency.units)}::jsonb,
      ${JSON.stringify(currency.metadata)}::jsonb,
      ${instantToWire(currency.createdAt)}::timestamptz,
      ${instantToWire(currency.updatedAt)}::timestamptz,
      ${currency.archivedAt && instantToWire(currency.archivedAt)}::timestamptz)
    on conflict (currency_key) do update set
      display_name = excluded.display_name, folded_name = excluded.folded_name,
      description = excluded.description,
      symbol = excluded.symbol, units = excluded.units, metadata = excluded.metadata,
      updated_at = excluded.updated_at, archived_at = excluded.archived_at`)
