import type { AccessDeniedReason } from '../../api.gen.ts'
import type {
  Budget,
  Threshold,
  ThresholdCrossing,
  UnresolvedKeyCount,
} from '../../budgets/index.ts'
import type { Feature } from '../../catalog/features/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Origin } from '../../kernel/origin.ts'
import type { Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Decision, DedupKeyOf, DedupRecord } from '../../metering/dedup/index.ts'
import type {
  CustomerMeterSubject,
  Posting,
  Reservation,
  UsageRecord,
  WindowTotal,
} from '../../metering/index.ts'
import type { ReservationOf } from '../../metering/reservations/index.ts'
import type { DistinctValueOf } from '../../metering/totals/index.ts'
import { keep, type Overlay, overlayOn } from './overlay.ts'

/** A name that is given to a record. */
export type DedupEntry = DedupKeyOf & DedupRecord & { keptUntil: Instant }
/** A mark that a window has not seen before. */
export type DistinctValue = DistinctValueOf & { window: Window }
type StatePosting = Posting & { customerKey: Uuid; setAt?: Instant | null }

/** The first answer to a use, which is also that to its repetitions. */
export type FirstAnswer = {
  isGranted: boolean
  accessDeniedReason: AccessDeniedReason | null
  recorded: boolean
  /** The keys of dimensions that could have named an entity and did not; absent for none. */
  unresolved?: readonly string[]
}
/** The name that is given to a decision. */
export type DecisionEntry = DedupKeyOf & Decision<FirstAnswer> & { keptUntil: Instant }

/**
 * The usage of a group's customers while the group is decided: what was loaded, and what its
 * records add. A request works on a draft, so that one that is refused leaves nothing behind.
 */
export type State = {
  totals: Overlay<readonly WindowTotal[]>
  named: Overlay<DedupRecord>
  decided: Overlay<Decision<FirstAnswer>>
  /** Features of which one of the customers had usage, or held some. */
  counted: ReadonlySet<Uuid>
  /** Marks by name and window. */
  seen: Overlay<true>
  /** At which budgets are announced; only if there are any, it is known what fired. */
  thresholds: readonly Threshold[]
  /**
   * Known are those that something is decided by or set, and if there are thresholds all of windows
   * that go on. Of others, what the group adds.
   */
  counters: Overlay<Quantity>
  /** When the SET in force of a counter occurred. */
  setAts: Overlay<Instant>
  /** What is held of budgets, by counter. */
  holds: Overlay<Quantity>
  fired: Overlay<readonly Threshold[]>
  /** What was changed of them is to be written. */
  reservations: Overlay<Reservation>
  /** What is to be written. */
  names: Overlay<DedupEntry>
  decisions: Overlay<DecisionEntry>
  marks: Overlay<DistinctValue>
  /** All that is added to a counter, and to what is held of it. */
  postings: Overlay<StatePosting>
  heldPostings: Overlay<StatePosting>
  unattributed: Overlay<UnresolvedKeyCount & { customerKey: Uuid }>
  records: UsageRecord[]
  exceeded: ThresholdEvent[]
  /** Thresholds that have fired of a level which is below them again. */
  rearmed: ThresholdReset[]
}

export type ThresholdReset = Omit<ThresholdCrossing, 'environmentKey'>

/** A budget whose thresholds a record has reached. */
export type ThresholdEvent = {
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

export const nameOfMetered = ({
  customerKey,
  featureKey,
  resourceKey,
}: CustomerMeterSubject): string => `${customerKey} ${featureKey} ${resourceKey}`
export const nameOfNamed = ({ customerKey, name }: DedupKeyOf): string => `${customerKey} ${name}`
export const nameOfSeen = (mark: DistinctValueOf, window: Window): string =>
  `${nameOfMetered(mark)} ${mark.hash} ${window.start} ${window.end}`
export const nameOfReservation = ({ customerKey, key }: ReservationOf): string =>
  `${customerKey} ${key}`

type Entries<V> = readonly (readonly [string, V])[]

export type StateRows = {
  totals: Entries<readonly WindowTotal[]>
  counted: ReadonlySet<Uuid>
  named: Entries<DedupRecord>
  decided: Entries<Decision<FirstAnswer>>
  seen: Entries<true>
  reservations: Entries<Reservation>
  counters: ReadonlyMap<string, Quantity>
  setAts: ReadonlyMap<string, Instant>
  holds: ReadonlyMap<string, Quantity>
  fired: ReadonlyMap<string, readonly Threshold[]>
  thresholds: readonly Threshold[]
}

/** Of a group whose records are yet to be counted. */
export const stateOf = (loaded: StateRows): State => ({
  totals: overlayOn(new Map(loaded.totals)),
  counted: loaded.counted,
  named: overlayOn(new Map(loaded.named)),
  decided: overlayOn(new Map(loaded.decided)),
  seen: overlayOn(new Map(loaded.seen)),
  reservations: overlayOn(new Map(loaded.reservations)),
  counters: overlayOn(loaded.counters),
  setAts: overlayOn(loaded.setAts),
  holds: overlayOn(loaded.holds),
  fired: overlayOn(loaded.fired),
  thresholds: loaded.thresholds,
  names: overlayOn(new Map()),
  decisions: overlayOn(new Map()),
  marks: overlayOn(new Map()),
  postings: overlayOn(new Map()),
  heldPostings: overlayOn(new Map()),
  unattributed: overlayOn(new Map()),
  records: [],
  exceeded: [],
  rearmed: [],
})

/** A state whose changes are seen nowhere else until `keepDraft`. */
export const savepoint = (state: State): State => ({
  totals: overlayOn(state.totals),
  counted: state.counted,
  named: overlayOn(state.named),
  decided: overlayOn(state.decided),
  seen: overlayOn(state.seen),
  reservations: overlayOn(state.reservations),
  counters: overlayOn(state.counters),
  setAts: overlayOn(state.setAts),
  holds: overlayOn(state.holds),
  fired: overlayOn(state.fired),
  thresholds: state.thresholds,
  names: overlayOn(state.names),
  decisions: overlayOn(state.decisions),
  marks: overlayOn(state.marks),
  postings: overlayOn(state.postings),
  heldPostings: overlayOn(state.heldPostings),
  unattributed: overlayOn(state.unattributed),
  records: [],
  exceeded: [],
  rearmed: [],
})

export function commitSavepoint(draft: State, state: State): void {
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
