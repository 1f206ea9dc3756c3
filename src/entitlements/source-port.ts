import { column, type Sql, sql } from '../db/index.ts'
import { quantityFromSql } from '../kernel/quantity.ts'
import type { Allowance, Source } from './types.ts'

/**
 * Whose grants are asked for, as expressions of the statement that the source becomes a part of.
 * The aliases of that statement begin with `of_`, so that those of a source cannot hide them.
 */
export type SourcesOf = {
  customerKey: Sql
  /** null: of all features. */
  featureKey: Sql | null
  /** The resource whose subscriptions count beside those of none; SQL's null for none. */
  resourceKey: Sql
  now: Sql
}

/**
 * What a module that grants features contributes to each statement that reads entitlements.
 * `src/sources.ts` lists all of them.
 */
export type EntitlementSource = {
  /**
   * A select of `feature_key` and `source` (a `SourceJson`) for each grant that is in force or
   * begins later.
   */
  sources(of: SourcesOf): Sql
  /** A timestamp expression: when the last grant before `now` ended; SQL's null for never. */
  endedAt(of: SourcesOf): Sql
  /** A boolean expression: whether the customer has an active subscription. */
  isSubscribed(of: SourcesOf): Sql
}

/** The grants of all sources: a select of `feature_key` and `source`. */
export const sourcesBy = (sources: readonly EntitlementSource[], of: SourcesOf): Sql =>
  sources.map((source) => source.sources(of)).reduce((one, other) => sql`${one} union all ${other}`)

/** When the last grant of any source ended; `-infinity` for never. */
export const endedAtBy = (sources: readonly EntitlementSource[], of: SourcesOf): Sql =>
  sources
    .map((source) => source.endedAt(of))
    .reduce((one, other) => sql`greatest(${one}, ${other})`, sql`'-infinity'::timestamptz`)

/** Whether the customer has an active subscription in any source. */
export const isSubscribedBy = (sources: readonly EntitlementSource[], of: SourcesOf): Sql =>
  sources.map((source) => source.isSubscribed(of)).reduce((one, other) => sql`${one} or ${other}`)

/** A source as `json_build_object` makes it: instants are milliseconds, quantities are texts. */
export type SourceJson = Omit<Source, 'allowance'> & {
  allowance: (Omit<Allowance, 'limit'> & { limit: string | null }) | null
}

const sourcesJson = column.json<SourceJson[]>()

/** Reads a column of sources. */
export const sourcesFromJson = (raw: string | null): Source[] =>
  sourcesJson(raw).map((source) => ({
    ...source,
    allowance: source.allowance && {
      ...source.allowance,
      limit: source.allowance.limit === null ? null : quantityFromSql(source.allowance.limit),
    },
  }))
