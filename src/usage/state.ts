import type { Instant } from '../kernel/clock.ts'
import type { Window } from '../kernel/period.ts'
import type { KeptTotal, MarkOf, MeteredOf, Named, NameOf, UsageRecord } from '../metering/index.ts'
import { keep, type Layer, layerOver } from './layer.ts'

/** A name that is given to a record. */
export type Naming = NameOf & Named & { keptUntil: Instant }
/** A mark that a window has not seen before. */
export type Marking = MarkOf & { window: Window }

/**
 * The usage of a group's customers while the group is decided: what was loaded, and what its
 * records add. A request works on a draft, so that one that is refused leaves nothing behind.
 */
export type State = {
  totals: Layer<readonly KeptTotal[]>
  named: Layer<Named>
  /** Marks by name and window. */
  seen: Layer<true>
  /** What is to be written. */
  names: Layer<Naming>
  marks: Layer<Marking>
  records: UsageRecord[]
}

export const nameOfMetered = ({ customerKey, featureKey, resourceKey }: MeteredOf): string =>
  `${customerKey} ${featureKey} ${resourceKey}`
export const nameOfNamed = ({ customerKey, name }: NameOf): string => `${customerKey} ${name}`
export const nameOfSeen = (mark: MarkOf, window: Window): string =>
  `${nameOfMetered(mark)} ${mark.hash} ${window.start} ${window.end}`

/** Of a group whose records are yet to be counted. */
export const stateOf = (loaded: {
  totals: readonly (readonly [string, readonly KeptTotal[]])[]
  named: readonly (readonly [string, Named])[]
  seen: readonly (readonly [string, true])[]
}): State => ({
  totals: layerOver(new Map(loaded.totals)),
  named: layerOver(new Map(loaded.named)),
  seen: layerOver(new Map(loaded.seen)),
  names: layerOver(new Map()),
  marks: layerOver(new Map()),
  records: [],
})

/** A state whose changes are seen nowhere else until `keepDraft`. */
export const draftOf = (state: State): State => ({
  totals: layerOver(state.totals),
  named: layerOver(state.named),
  seen: layerOver(state.seen),
  names: layerOver(state.names),
  marks: layerOver(state.marks),
  records: [],
})

export function keepDraft(draft: State, state: State): void {
  keep(draft.totals, state.totals)
  keep(draft.named, state.named)
  keep(draft.seen, state.seen)
  keep(draft.names, state.names)
  keep(draft.marks, state.marks)
  state.records.push(...draft.records)
}
