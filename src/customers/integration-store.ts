import type { VendorIdentifier } from '../api.gen.ts'
import { column, type Reader, row, rows, sql, type Tx } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Integration } from './types.ts'
import { VENDORS } from './vendors.ts'

const integrationRow = row({ id: column.text, vendor: column.oneOf(...VENDORS) })

/**
 * Registers those integrations whose ids are unknown. In the order of their ids, so that two
 * requests that register the same ones wait for each other and never in a cycle.
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

/** Integrations by their ids, in no particular order. */
export const findIntegrations = (
  reader: Reader,
  scope: Scope,
  ids: readonly string[],
): Promise<Integration[]> =>
  reader.many(
    integrationRow,
    sql`
    select id, vendor from integrations
    where environment_key = ${scope.environmentKey}::uuid and id = any(${ids}::text[])`,
  )

/** The integration that was registered first of a vendor; null when there is none. */
export const findOldestIntegration = (
  reader: Reader,
  scope: Scope,
  vendor: VendorIdentifier,
): Promise<Integration | null> =>
  reader.maybeOne(
    integrationRow,
    sql`
    select id, vendor from integrations
    where environment_key = ${scope.environmentKey}::uuid and vendor = ${vendor}::text
    order by created_at, id limit 1`,
  )

/** The first `limit` integrations of the environment by their ids. */
export const listIntegrations = (
  reader: Reader,
  scope: Scope,
  limit: number,
): Promise<Integration[]> =>
  reader.many(
    integrationRow,
    sql`
    select id, vendor from integrations
    where environment_key = ${scope.environmentKey}::uuid order by id limit ${limit}::integer`,
  )
