import {
  column,
  columnsOf,
  numberedRows,
  type Reader,
  readOfEach,
  row,
  rows,
  rowWriter,
  sql,
} from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

/** An attribution key whose value named no entity: in how many records, and when most recently. */
export type UnresolvedKeyCount = { key: string; records: number; lastAt: Instant }

type KeyCountOf = UnresolvedKeyCount & { customerKey: Uuid }

const countColumns = columnsOf<KeyCountOf>({
  customerKey: 'uuid',
  key: 'text',
  records: 'bigint',
  lastAt: 'timestamptz',
})

/** Adds to the counts. One statement for any customers and keys, without duplicates. */
export const addUnattributed = rowWriter<Scope, KeyCountOf>(
  (scope, unattributed) => sql`
    insert into unattributed_usage as known (customer_key, attribution_key, environment_key,
      records, last_at)
    select customer_key, key, ${scope.environmentKey}::uuid, records, last_at
    from ${rows(unattributed, countColumns)} as each
    on conflict (customer_key, attribution_key) do update set
      records = known.records + excluded.records,
      last_at = greatest(known.last_at, excluded.last_at)`,
)

const unattributedRow = row<UnresolvedKeyCount>({
  key: column.from('attribution_key', column.text),
  records: column.integer,
  lastAt: column.instant,
})

/** Returns the latest 100 attribution keys of a customer whose values named no entity. */
export const readUnattributed = (
  reader: Reader,
  customerKey: Uuid,
): Promise<UnresolvedKeyCount[]> =>
  reader.many(
    unattributedRow,
    sql`
    select attribution_key, records, last_at from unattributed_usage
    where customer_key = ${customerKey}::uuid
    order by last_at desc, attribution_key limit 100`,
  )

/** `readUnattributed` for several customers, in their order. */
export const readUnattributedOf = (
  reader: Reader,
  customerKeys: readonly Uuid[],
): Promise<UnresolvedKeyCount[][]> =>
  readOfEach(reader, customerKeys, {
    row: unattributedRow,
    statement: sql`
    select each.position, known.attribution_key, known.records, known.last_at
    from ${numberedRows(customerKeys, { customer_key: ['uuid', (key) => key] })} as each
      cross join lateral (
        select attribution_key, records, last_at from unattributed_usage
        where customer_key = each.customer_key
        order by last_at desc, attribution_key limit 100
      ) as known`,
  })
