import {
  column,
  numberedRows,
  type Reader,
  readOfEach,
  row,
  type Sql,
  sql,
} from '../../../db/index.ts'
import type { Uuid } from '../../../kernel/ids.ts'
import type { Allowance, Reset } from '../../features/index.ts'
import { allowanceColumns, resetColumns } from '../../features/index.ts'

/** A feature of a version of a package. */
export type FeatureOfVersion = { packageKey: Uuid; version: number; featureKey: Uuid }

/** What a version gives of a feature. */
export type Given = {
  behavior: 'Increment' | 'Override'
  /** null: it takes the feature away. */
  allowance: Allowance | null
  reset: Reset | null
}

const givenRow = row({
  behavior: column.oneOf('Increment', 'Override'),
  isGranted: column.boolean,
  allowance: allowanceColumns,
  reset: resetColumns,
})

/** Returns what versions give of features, in the order of the queries; null where nothing. */
export async function findGiven(
  reader: Reader,
  queries: readonly FeatureOfVersion[],
): Promise<(Given | null)[]> {
  const found = await readOfEach(reader, queries, {
    row: givenRow,
    statement: sql`
      select asked.position, e.behavior, e.is_granted, e.usage_limit, e.is_unlimited, e.is_soft,
        to_json(e.enum_values) as enum_values, e.reset_period, e.reset_according_to
      from ${numberedRows(queries, {
        package_key: ['uuid', ({ packageKey }) => packageKey],
        version: ['integer', ({ version }) => version],
        feature_key: ['uuid', ({ featureKey }) => featureKey],
      })} as asked
        cross join lateral (
          select * from package_entitlements e
          where e.package_key = asked.package_key and e.version = asked.version
            and e.feature_key = asked.feature_key limit 1
        ) as e`,
  })
  return found.map(([given]) => {
    if (given === undefined) return null
    const { behavior, isGranted, allowance, reset } = given
    return { behavior, allowance: isGranted ? allowance : null, reset }
  })
}

/** The keys of the features that a version gives or takes away: a select of `feature_key`. */
export const featuresOfVersion = (packageKey: Sql, version: Sql): Sql => sql`
  select e.feature_key from package_entitlements e
  where e.package_key = ${packageKey} and e.version = ${version} and e.feature_key is not null`

/** A select of one row if a version grants a feature, and of none if not. */
export const grantOf = (of: { packageKey: Sql; version: Sql; featureKey: Sql }): Sql => sql`
  select true from package_entitlements e
  where e.package_key = ${of.packageKey} and e.version = ${of.version}
    and e.feature_key = ${of.featureKey} and e.is_granted limit 1`
