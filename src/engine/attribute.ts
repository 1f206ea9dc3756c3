import { attributionOf, type Budget, type Resolution } from '../budgets/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Attribution, MeterReading, Reservation } from '../metering/index.ts'

/** Whom a record is attributed to, and the budgets that it counts for. */
export type AttributionRule = {
  budgets: readonly Budget[]
  /** The keys of its dimensions that could have named an entity and did not. */
  unresolved: readonly string[]
  /** null: its dimensions name no entity. */
  attributionOf(
    measured: readonly Pick<MeterReading, 'featureKey' | 'amount'>[],
  ): Attribution | null
}

/** By what the dimensions of a record lead to. */
export const attributionByResolution = (
  resolution: Resolution | null,
  occurredAt: Instant,
): AttributionRule => ({
  budgets: resolution?.budgets ?? [],
  unresolved: resolution?.unresolved ?? [],
  attributionOf: (measured) => resolution && attributionOf(resolution, { measured, occurredAt }),
})

/** To whom a reservation was attributed, in the counters that it is held in. */
export const attributionOfReservation = (
  { attribution }: Pick<Reservation, 'attribution'>,
  budgets: readonly Budget[],
): AttributionRule => ({
  budgets,
  unresolved: [],
  attributionOf: (measured) =>
    attribution && {
      ...attribution,
      postings: measured.flatMap(({ amount }) =>
        attribution.postings.map((posting) => ({ ...posting, delta: amount })),
      ),
    },
})
