import { column, type Reader, row, sql, type Tx } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { ENVIRONMENT_TYPES, type Environment } from './types.ts'

const environmentRow = row<Environment>({
  environmentKey: column.uuid,
  accountId: column.text,
  id: column.text,
  displayName: column.text,
  type: column.oneOf(...ENVIRONMENT_TYPES),
})

const selectEnvironment = sql`
  select e.environment_key, a.id as account_id, e.id, e.display_name, e.type
  from environments e join accounts a using (account_key)`

export const findEnvironment = (reader: Reader, id: string): Promise<Environment | null> =>
  reader.maybeOne(environmentRow, sql`${selectEnvironment} where e.id = ${id}::text`)

/** Environments by their keys, in no particular order. */
export const findEnvironmentsByKey = (
  reader: Reader,
  keys: readonly Uuid[],
): Promise<Environment[]> =>
  reader.many(
    environmentRow,
    sql`${selectEnvironment} where e.environment_key = any(${keys}::uuid[])`,
  )

export const listEnvironments = (reader: Reader): Promise<Environment[]> =>
  reader.many(environmentRow, sql`${selectEnvironment} order by a.id, e.id limit 1000`)

/** Returns 0 if the account exists. */
export const insertAccount = (tx: Tx, account: { key: Uuid; id: string; now: Instant }) =>
  tx.execute(sql`
    insert into accounts (account_key, id, display_name, created_at)
    values (${account.key}::uuid, ${account.id}::text, ${account.id}::text,
      ${instantToWire(account.now)}::timestamptz)
    on conflict (id) do nothing`)

/** Returns 0 if an environment with this id exists. */
export const insertEnvironment = (tx: Tx, environment: Environment, now: Instant) =>
  tx.execute(sql`
    insert into environments (environment_key, account_key, id, display_name, type, created_at)
    select ${environment.environmentKey}::uuid, account_key, ${environment.id}::text,
      ${environment.displayName}::text, ${environment.type}::text,
      ${instantToWire(now)}::timestamptz
    from accounts where id = ${environment.accountId}::text
    on conflict (id) do nothing`)

export const lockEnvironment = (tx: Tx, scope: Scope) =>
  tx.execute(sql`
    select 1 from environments
    where environment_key = ${scope.environmentKey}::uuid for no key update`)

/** Notifies all servers when this transaction commits. They clear their cached keys. */
export const notifyKeyChange = (tx: Tx) => tx.execute(sql`select pg_notify('bursar_access', '')`)
