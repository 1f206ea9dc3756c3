import { findGiven, type Given } from '../catalog/packages/entitlements/index.ts'
import type { Reader } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { VersionPin } from './holding.ts'

/** A feature of a published version. */
export type GivenQuery = { pin: VersionPin; featureKey: Uuid }

/** Returns what published versions give of features, in the order of the queries. null: nothing. */
export type ReadGiven = (
  reader: Reader,
  queries: readonly GivenQuery[],
) => Promise<readonly (Given | null)[]>

/** Reads what versions give. One statement. The result never changes, so it can be cached. */
export const readGiven: ReadGiven = (reader, queries) =>
  findGiven(
    reader,
    queries.map(({ pin, featureKey }) => ({ ...pin, featureKey })),
  )

/** Returns a name that no other feature of any other version has. */
export const nameOfGiven = ({ pin, featureKey }: GivenQuery): string =>
  `${pin.packageKey} ${pin.version} ${pin.publishedAt} ${featureKey}`
