import { column, type Sql, sql } from '../db/index.ts'
import { quantityFromSql } from '../kernel/quantity.ts'
import type { Allowance, Source } from './types.ts'

/**
 * Whose sources are asked for: expressions of the statement that the loader is a part of. That one
 * has aliases that begin with `of_`, so that no loader hides them.
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
 * What a module that grants features gives to every statement that resolves entitlements. The
 * composition root lists them all.
 */
export type EntitlementSource = {
  /**
   * A select of `feature_key` and `source`, a `SourceJson`, of all that is in force or begins
   * later.
   */
  sources(of: SourcesOf): Sql
  /**
   * A timestamp expression: when a source last ended by `now`, so that `sources` leave it out;
   * SQL's null for never.
   */
  endedAt(of: SourcesOf): Sql
  /** A boolean expression: whether the customer has an active subscription. */
  isSubscribed(of: SourcesOf): Sql
}

/** What all loaders give together: a select of `feature_key` and `source`. */
export const sourcesBy = (loaders: readonly EntitlementSource[], of: SourcesOf): Sql =>
  loaders.map((loader) => loader.sources(of)).reduce((one, other) => sql`${one} union all ${other}`)

/** When any source of any of the loaders last ended; `-infinity` for never. */
export const endedAtBy = (loaders: readonly EntitlementSource[], of: SourcesOf): Sql =>
  loaders
    .map((loader) => loader.endedAt(of))
    .reduce((one, other) => sql`greatest(${one}, ${other})`, sql`'-infinity'::timestamptz`)

/** Whether the customer has an active subscription by any of the loaders. */
export const isSubscribedBy = (loaders: readonly EntitlementSource[], of: SourcesOf): Sql =>
  loaders.map((loader) => loader.isSubscribed(of)).reduce((one, other) => sql`${one} or ${other}`)

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
