import { sql, type Tx } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

/**
 * Notes that the structure of customers has changed: entities, their places, budgets, entitlements.
 * The last lock of the transaction that changes it: it waits for those who are counting usage of
 * the customers, and they wait for its end. What was resolved for an earlier version is void.
 */
export const bumpVersion = (tx: Tx, scope: Scope, customerKeys: readonly Uuid[]): Promise<number> =>
  tx.execute(sql`
    insert into customer_heads as head (customer_key, environment_key, version)
    select customer_key, ${scope.environmentKey}::uuid, 1
    from unnest(${customerKeys}::uuid[]) as customer (customer_key)
    order by customer_key
    on conflict (customer_key) do update set version = head.version + 1`)

/**
 * The same for what all customers of an environment share: entity types and their attribution keys.
 * Records that are being counted meanwhile fall before the change.
 */
export const bumpEnvironmentVersion = (tx: Tx, scope: Scope): Promise<number> =>
  tx.execute(sql`
    insert into environment_heads as head (environment_key, version)
    values (${scope.environmentKey}::uuid, 1)
    on conflict (environment_key) do update set version = head.version + 1`)
