import {
  UNKNOWN_DIMENSIONS,
  type UnknownDimensions,
  unknownDimensionsOf,
} from '../../access/index.ts'
import { catalogVersionOf } from '../../catalog/index.ts'
import {
  environmentHeadOf,
  type StateVersion,
  stateVersionColumns,
  stateVersionFrom,
  stateVersionOf,
} from '../../customers/index.ts'
import { column, type Reader, row, rowsOfAnyNumber, sql } from '../../db/index.ts'
import type { Uuid } from '../../kernel/ids.ts'

/** A customer of an environment. */
export type CustomerInEnvironment = { environmentKey: Uuid; customerKey: Uuid }

/**
 * The versions of everything that a decision about a customer depends on. The setting
 * `unknownDimensions` has no version: its value is read each time, because it is small.
 */
export type Versions = StateVersion & EnvironmentVersions

/** The part that the customers of an environment share. */
export type EnvironmentVersions = {
  /** Differs after each change of entity types and their attribution keys. */
  environmentVersion: Uuid
  /** Differs after each change of features and currencies. */
  catalogVersion: Uuid
  /** How many changes of the environment, its catalog and its settings are included. */
  environmentSequence: number
  unknownDimensions: UnknownDimensions
}

const versionsRow = row({
  customer_key: column.uuid,
  ...stateVersionColumns,
  environment_version: column.uuid,
  environment_sequence: column.integer,
  catalog_version: column.uuid,
  unknown_dimensions: column.oneOf(...UNKNOWN_DIMENSIONS),
})

/**
 * Returns the versions of customers in the order of `customers`, which must be distinct; null for
 * one that does not exist. One statement, with lookups by primary key only.
 */
export async function readVersions(
  reader: Reader,
  customers: readonly CustomerInEnvironment[],
): Promise<(Versions | null)[]> {
  const environmentKey = sql`asked.environment_key`
  const found = await reader.many(
    versionsRow,
    sql`
    select asked.customer_key, version.*, environment.*,
      ${catalogVersionOf(environmentKey)} as catalog_version,
      ${unknownDimensionsOf(environmentKey)} as unknown_dimensions
    from ${rowsOfAnyNumber(customers, {
      customer_key: ['uuid', (customer) => customer.customerKey],
      environment_key: ['uuid', (customer) => customer.environmentKey],
    })} as asked
      cross join lateral ${stateVersionOf(sql`asked.customer_key`)} version
      cross join lateral ${environmentHeadOf(environmentKey)} environment`,
  )
  const versions = new Map<Uuid, Versions>()
  for (const each of found)
    versions.set(each.customer_key, {
      ...stateVersionFrom(each),
      environmentVersion: each.environment_version,
      environmentSequence: each.environment_sequence,
      catalogVersion: each.catalog_version,
      unknownDimensions: each.unknown_dimensions,
    })
  return customers.map(({ customerKey }) => versions.get(customerKey) ?? null)
}
