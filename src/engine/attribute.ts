import { attributionOf, type Budget, type Resolution } from '../budgets/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Attribution, Measured, Reservation } from '../metering/index.ts'

/** Whom a record is attributed to, and the budgets that it counts for. */
export type Attributing = {
  budgets: readonly Budget[]
  /** The keys of its dimensions that could have named an entity and did not. */
  unresolved: readonly string[]
  /** null: its dimensions name no entity. */
  attributionOf(measured: readonly Pick<Measured, 'featureKey' | 'amount'>[]): Attribution | null
}

/** By what the dimensions of a record lead to. */
export const attributingBy = (resolution: Resolution | null, occurredAt: Instant): Attributing => ({
  budgets: resolution?.budgets ?? [],
  unresolved: resolution?.unresolved ?? [],
  attributionOf: (measured) => resolution && attributionOf(resolution, { measured, occurredAt }),
})

/** To whom a reservation was attributed, in the counters that it is held in. */
export const attributingAsHeld = (
  { attribution }: Pick<Reservation, 'attribution'>,
  budgets: readonly Budget[],
): Attributing => ({
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
