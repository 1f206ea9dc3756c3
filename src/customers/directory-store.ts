import { column, type Reader, readValue, rows, type Sql, sql, type Tx } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

/** What ids of the directory name. Each kind has its own ids. */
export type DirectoryKind = 'customer' | 'subscription'

/** An id, and the customer that it belongs to. */
export type Claim = { id: string; customerKey: Uuid }

/**
 * Claims ids that are free and returns how many were free. Waits for transactions that are about to
 * commit one of them, in the order of the ids, so that two requests never deadlock.
 */
export const claimIds = (
  tx: Tx,
  scope: Scope,
  { kind, claims }: { kind: DirectoryKind; claims: readonly Claim[] },
): Promise<number> =>
  tx.execute(sql`
    insert into directory (environment_key, kind, id, customer_key)
    select ${scope.environmentKey}::uuid, ${kind}::text, id, customer_key
    from ${rows(claims, {
      id: ['text', ({ id }) => id],
      customer_key: ['uuid', ({ customerKey }) => customerKey],
    })} as claim
    order by id collate "C"
    on conflict (environment_key, kind, id) do nothing`)

/** Frees ids that were claimed for something that was never created. */
export const releaseIds = (
  tx: Tx,
  scope: Scope,
  { kind, ids }: { kind: DirectoryKind; ids: readonly string[] },
): Promise<number> =>
  tx.execute(sql`
    delete from directory
    where environment_key = ${scope.environmentKey}::uuid and kind = ${kind}::text
      and id = any(${ids}::text[])`)

/** A scalar subquery: the customer that an id belongs to; null if it is free. */
export const ownerOf = (environmentKey: Sql, kind: DirectoryKind, id: Sql): Sql => sql`(
  select customer_key from directory
  where directory.environment_key = ${environmentKey} and directory.kind = ${kind}::text
    and directory.id = ${id})`

/** Returns the customer that an id belongs to; null if it is free. */
export const findOwner = (
  reader: Reader,
  scope: Scope,
  { kind, id }: { kind: DirectoryKind; id: string },
): Promise<Uuid | null> =>
  readValue(
    reader,
    column.nullable(column.uuid),
    sql`select ${ownerOf(sql`${scope.environmentKey}::uuid`, kind, sql`${id}::text`)}`,
  )
