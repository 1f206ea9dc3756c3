import type { VendorIdentifier } from '../api.gen.ts'
import { column, row, rowFinder, rowReader, rows, sql, type Tx } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Integration } from './types.ts'
import { VENDORS } from './vendors.ts'

const integrationRow = row({ id: column.text, vendor: column.oneOf(...VENDORS) })

/**
 * Registers the integrations whose ids are unknown and returns them. They are inserted in the order
 * of ids, so that two requests that register the same ones do not deadlock.
 */
export const registerIntegrations = (
  tx: Tx,
  scope: Scope,
  made: { integrations: readonly Integration[]; now: Instant },
): Promise<Integration[]> =>
  tx.many(
    integrationRow,
    sql`
    insert into integrations (environment_key, id, vendor, created_at)
    select ${scope.environmentKey}::uuid, id, vendor, ${instantToWire(made.now)}::timestamptz
    from ${rows(made.integrations, {
      id: ['text', ({ id }) => id],
      vendor: ['text', ({ vendor }) => vendor],
    })} as integration
    order by id collate "C"
    on conflict (environment_key, id) do nothing
    returning id, vendor`,
  )

/** Returns integrations by id, in no particular order. */
export const findIntegrations = rowReader(
  integrationRow,
  (scope: Scope, ids: readonly string[]) => sql`
    select id, vendor from integrations
    where environment_key = ${scope.environmentKey}::uuid and id = any(${ids}::text[])`,
)

/** Returns the oldest integration of a vendor, or null. */
export const findOldestIntegration = rowFinder(
  integrationRow,
  (scope: Scope, vendor: VendorIdentifier) => sql`
    select id, vendor from integrations
    where environment_key = ${scope.environmentKey}::uuid and vendor = ${vendor}::text
    order by created_at, id limit 1`,
)

/** Returns the first `limit` integrations of the environment in the order of ids. */
export const listIntegrations = rowReader(
  integrationRow,
  (scope: Scope, limit: number) => sql`
    select id, vendor from integrations
    where environment_key = ${scope.environmentKey}::uuid order by id limit ${limit}::integer`,
)
