import type { CustomCurrencyUnits } from '../../api.gen.ts'
import type { Reader, Tx } from '../../db/index.ts'
import { column, nameReader, pageReader, readValue, row, rowsWithIds, sql } from '../../db/index.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { foldCase } from '../../kernel/fold-case.ts'
import type { Metadata } from '../../kernel/metadata.ts'
import type { PageRequest } from '../../kernel/page.ts'
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

const withIds = rowsWithIds({
  row: currencyRow,
  select: selectCurrencies,
  key: sql`currency_key`,
})

export const findCurrencies = withIds.find
/** For adding references. Lock the customer first. */
export const holdCurrencies = withIds.hold
export const lockCurrencies = withIds.lock
export const findCurrenciesByKey = withIds.findByKey

export const countActiveCurrencies = (reader: Reader, scope: Scope): Promise<number> =>
  readValue(
    reader,
    column.integer,
    sql`
    select count(*) from currencies
    where ${inEnvironment(scope)} and archived_at is null`,
  )

export type CurrencyFilter = { active: boolean; archived: boolean; page: PageRequest }

export const listCurrencies = pageReader((scope: Scope, filter: CurrencyFilter) => ({
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
}))

/** Returns currencies whose id or name has a beginning; some several times. */
export const currenciesBeginning = nameReader({
  columns: sql`currency_key as key, id, display_name, archived_at is not null as is_archived`,
  table: sql`currencies`,
})

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
