import { column, type Sql, sql } from '../db/index.ts'
import { quantityFromSql } from '../kernel/quantity.ts'
import type { Allowance, Source } from './types.ts'

/**
 * SQL expressions for the subject whose sources are read. They refer to the statement that contains
 * the source's SQL. Aliases of that statement begin with `of_`, so that aliases of a source cannot
 * hide them.
 */
export type SourcesOf = {
  customerKey: Sql
  /** null: all features. */
  featureKey: Sql | null
  now: Sql
}

/**
 * The SQL that a module whose rows are sources contributes to each statement that reads
 * entitlements. These sources count for all resources. `src/sources.ts` lists all such modules.
 */
export type EntitlementSource = {
  /** A select of `feature_key` and `source` (a `SourceJson`) for each source that has not ended. */
  sources(of: SourcesOf): Sql
  /**
   * A timestamp expression: the latest end of a source before or at `now`. SQL null: none has
   * ended.
   */
  endedAt(of: SourcesOf): Sql
}

/** The rows of all sources: a select of `feature_key` and `source`. */
export const sourcesBy = (sources: readonly EntitlementSource[], of: SourcesOf): Sql =>
  sources.map((source) => source.sources(of)).reduce((one, other) => sql`${one} union all ${other}`)

/** The latest end of any source; `-infinity` if none has ended. */
export const endedAtBy = (sources: readonly EntitlementSource[], of: SourcesOf): Sql =>
  sources
    .map((source) => source.endedAt(of))
    .reduce((one, other) => sql`greatest(${one}, ${other})`, sql`'-infinity'::timestamptz`)

/** A source as `json_build_object` writes it: instants in milliseconds, quantities as text. */
export type SourceJson = Omit<Source, 'allowance'> & {
  allowance: (Omit<Allowance, 'limit'> & { limit: string | null }) | null
}

const sourcesJson = column.json<SourceJson[]>()

/** Decodes a column of sources. */
export const sourcesFromJson = (raw: string | null): Source[] =>
  sourcesJson(raw).map((source) => ({
    ...source,
    allowance: source.allowance && {
      ...source.allowance,
      limit: source.allowance.limit === null ? null : quantityFromSql(source.allowance.limit),
    },
  }))
