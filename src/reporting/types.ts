import type { MinuteCounts } from '../decisions/index.ts'
import type { Instant } from '../kernel/clock.ts'

/** A count that stops at a bound, so that its cost does not grow with what is stored. */
export type BoundedCount = { count: number; isLowerBound: boolean }

/** What was decided from `at` on, for the length of an interval. */
export type OverviewPoint = { at: Instant; counts: MinuteCounts }

export type Overview = {
  from: Instant
  until: Instant
  intervalMs: number
  /** In order, without gaps. */
  points: readonly OverviewPoint[]
  total: MinuteCounts
  customers: BoundedCount
  openReservations: BoundedCount
  /** Of all active types. */
  entityTotal: BoundedCount
  /** By the id of the entity type, in the order of the types. */
  entities: readonly (BoundedCount & { entityTypeId: string })[]
}
