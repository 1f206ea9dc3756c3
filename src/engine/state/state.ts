import type { AccessDeniedReason } from '../../api.gen.ts'
import type { Budget, Firing, Threshold, Unattributed } from '../../budgets/index.ts'
import type { Feature } from '../../catalog/features/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Origin } from '../../kernel/origin.ts'
import type { Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Decided, Named, NameOf } from '../../metering/dedup/index.ts'
import type {
  KeptTotal,
  MeteredOf,
  Posting,
  Reservation,
  UsageRecord,
} from '../../metering/index.ts'
import type { ReservationOf } from '../../metering/reservations/index.ts'
import type { MarkOf } from '../../metering/totals/index.ts'
import { keep, type Layer, layerOver } from './overlay.ts'

/** A name that is given to a record. */
export type Naming = NameOf & Named & { keptUntil: Instant }
/** A mark that a window has not seen before. */
export type Marking = MarkOf & { window: Window }
type OwnPosting = Posting & { customerKey: Uuid; setAt?: Instant | null }

/** The first answer to a use, which is also that to its repetitions. */
export type FirstAnswer = {
  isGranted: boolean
  accessDeniedReason: AccessDeniedReason | null
  recorded: boolean
  /** The keys of dimensions that could have named an entity and did not; absent for none. */
  unresolved?: readonly string[]
}
/** The name that is given to a decision. */
export type Deciding = NameOf & Decided<FirstAnswer> & { keptUntil: Instant }

/**
 * The usage of a group's customers while the group is decided: what was loaded, and what its
 * records add. A request works on a draft, so that one that is refused leaves nothing behind.
 */
export type State = {
  totals: Layer<readonly KeptTotal[]>
  named: Layer<Named>
  decided: Layer<Decided<FirstAnswer>>
  /** Features of which one of the customers had usage, or held some. */
  counted: ReadonlySet<Uuid>
  /** Marks by name and window. */
  seen: Layer<true>
  /** At which budgets are announced; only if there are any, it is known what fired. */
  thresholds: readonly Threshold[]
  /**
   * Known are those that something is decided by or set, and if there are thresholds all of windows
   * that go on. Of others, what the group adds.
   */
  counters: Layer<Quantity>
  /** When the SET in force of a counter occurred. */
  setAts: Layer<Instant>
  /** What is held of budgets, by counter. */
  holds: Layer<Quantity>
  fired: Layer<readonly Threshold[]>
  /** What was changed of them is to be written. */
  reservations: Layer<Reservation>
  /** What is to be written. */
  names: Layer<Naming>
  decisions: Layer<Deciding>
  marks: Layer<Marking>
  /** All that is added to a counter, and to what is held of it. */
  postings: Layer<OwnPosting>
  heldPostings: Layer<OwnPosting>
  unattributed: Layer<Unattributed & { customerKey: Uuid }>
  records: UsageRecord[]
  exceeded: Exceeded[]
  /** Thresholds that have fired of a level which is below them again. */
  rearmed: Rearmed[]
}

export type Rearmed = Omit<Firing, 'environmentKey'>

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
export const nameOfReservation = ({ customerKey, key }: ReservationOf): string =>
  `${customerKey} ${key}`

type Entries<V> = readonly (readonly [string, V])[]

export type Loaded = {
  totals: Entries<readonly KeptTotal[]>
  counted: ReadonlySet<Uuid>
  named: Entries<Named>
  decided: Entries<Decided<FirstAnswer>>
  seen: Entries<true>
  reservations: Entries<Reservation>
  counters: ReadonlyMap<string, Quantity>
  setAts: ReadonlyMap<string, Instant>
  holds: ReadonlyMap<string, Quantity>
  fired: ReadonlyMap<string, readonly Threshold[]>
  thresholds: readonly Threshold[]
}

/** Of a group whose records are yet to be counted. */
export const stateOf = (loaded: Loaded): State => ({
  totals: layerOver(new Map(loaded.totals)),
  counted: loaded.counted,
  named: layerOver(new Map(loaded.named)),
  decided: layerOver(new Map(loaded.decided)),
  seen: layerOver(new Map(loaded.seen)),
  reservations: layerOver(new Map(loaded.reservations)),
  counters: layerOver(loaded.counters),
  setAts: layerOver(loaded.setAts),
  holds: layerOver(loaded.holds),
  fired: layerOver(loaded.fired),
  thresholds: loaded.thresholds,
  names: layerOver(new Map()),
  decisions: layerOver(new Map()),
  marks: layerOver(new Map()),
  postings: layerOver(new Map()),
  heldPostings: layerOver(new Map()),
  unattributed: layerOver(new Map()),
  records: [],
  exceeded: [],
  rearmed: [],
})

/** A state whose changes are seen nowhere else until `keepDraft`. */
export const draftOf = (state: State): State => ({
  totals: layerOver(state.totals),
  counted: state.counted,
  named: layerOver(state.named),
  decided: layerOver(state.decided),
  seen: layerOver(state.seen),
  reservations: layerOver(state.reservations),
  counters: layerOver(state.counters),
  setAts: layerOver(state.setAts),
  holds: layerOver(state.holds),
  fired: layerOver(state.fired),
  thresholds: state.thresholds,
  names: layerOver(state.names),
  decisions: layerOver(state.decisions),
  marks: layerOver(state.marks),
  postings: layerOver(state.postings),
  heldPostings: layerOver(state.heldPostings),
  unattributed: layerOver(state.unattributed),
  records: [],
  exceeded: [],
  rearmed: [],
})

export function keepDraft(draft: State, state: State): void {
  keep(draft.totals, state.totals)
  keep(draft.named, state.named)
  keep(draft.decided, state.decided)
  keep(draft.seen, state.seen)
  keep(draft.reservations, state.reservations)
  keep(draft.counters, state.counters)
  keep(draft.setAts, state.setAts)
  keep(draft.holds, state.holds)
  keep(draft.fired, state.fired)
  keep(draft.names, state.names)
  keep(draft.decisions, state.decisions)
  keep(draft.marks, state.marks)
  keep(draft.postings, state.postings)
  keep(draft.heldPostings, state.heldPostings)
  keep(draft.unattributed, state.unattributed)
  state.records.push(...draft.records)
  state.exceeded.push(...draft.exceeded)
  state.rearmed.push(...draft.rearmed)
}
