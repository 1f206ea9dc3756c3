import type { Feature } from '../catalog/index.ts'
import type { Budget, Threshold } from '../governance/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Origin } from '../kernel/origin.ts'
import type { Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type {
  KeptTotal,
  MarkOf,
  MeteredOf,
  Named,
  NameOf,
  Posting,
  UsageRecord,
} from '../metering/index.ts'
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
  /** At which budgets are announced; only if there are any, counters and what fired are known. */
  thresholds: readonly Threshold[]
  counters: Layer<Quantity>
  fired: Layer<readonly Threshold[]>
  /** What is to be written. */
  names: Layer<Naming>
  marks: Layer<Marking>
  /** All that is added to a counter. */
  postings: Layer<Posting & { customerKey: Uuid }>
  records: UsageRecord[]
  exceeded: Exceeded[]
}

/** A budget whose thresholds a record has reached. */
export type Exceeded = {
  customerKey: Uuid
  budget: Budget
  feature: Pick<Feature, 'id'>
  window: Window
  /** In limited units, signed. */
  usage: Quantity
  thresholds: readonly Threshold[]
  origin: Origin
  now: Instant
}

export const nameOfMetered = ({ customerKey, featureKey, resourceKey }: MeteredOf): string =>
  `${customerKey} ${featureKey} ${resourceKey}`
export const nameOfNamed = ({ customerKey, name }: NameOf): string => `${customerKey} ${name}`
export const nameOfSeen = (mark: MarkOf, window: Window): string =>
  `${nameOfMetered(mark)} ${mark.hash} ${window.start} ${window.end}`

export type Loaded = {
  totals: readonly (readonly [string, readonly KeptTotal[]])[]
  named: readonly (readonly [string, Named])[]
  seen: readonly (readonly [string, true])[]
  counters: ReadonlyMap<string, Quantity>
  fired: ReadonlyMap<string, readonly Threshold[]>
  thresholds: readonly Threshold[]
}

/** Of a group whose records are yet to be counted. */
export const stateOf = (loaded: Loaded): State => ({
  totals: layerOver(new Map(loaded.totals)),
  named: layerOver(new Map(loaded.named)),
  seen: layerOver(new Map(loaded.seen)),
  counters: layerOver(loaded.counters),
  fired: layerOver(loaded.fired),
  thresholds: loaded.thresholds,
  names: layerOver(new Map()),
  marks: layerOver(new Map()),
  postings: layerOver(new Map()),
  records: [],
  exceeded: [],
})

/** A state whose changes are seen nowhere else until `keepDraft`. */
export const draftOf = (state: State): State => ({
  totals: layerOver(state.totals),
  named: layerOver(state.named),
  seen: layerOver(state.seen),
  counters: layerOver(state.counters),
  fired: layerOver(state.fired),
  thresholds: state.thresholds,
  names: layerOver(state.names),
  marks: layerOver(state.marks),
  postings: layerOver(state.postings),
  records: [],
  exceeded: [],
})

export function keepDraft(draft: State, state: State): void {
  keep(draft.totals, state.totals)
  keep(draft.named, state.named)
  keep(draft.seen, state.seen)
  keep(draft.counters, state.counters)
  keep(draft.fired, state.fired)
  keep(draft.names, state.names)
  keep(draft.marks, state.marks)
  keep(draft.postings, state.postings)
  state.records.push(...draft.records)
  state.exceeded.push(...draft.exceeded)
}
