import type { AccessDeniedReason } from '../../api.gen.ts'
import type {
  Budget,
  CounterChange,
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
import type { Decision, DedupEntry, DedupKeyOf, DedupRecord } from '../../metering/dedup/index.ts'
import type {
  CustomerMeterSubject,
  Reservation,
  UsageRecord,
  WindowTotal,
} from '../../metering/index.ts'
import type { ReservationOf } from '../../metering/reservations/index.ts'
import type { DistinctValueOf } from '../../metering/totals/index.ts'
import { commitOverlay, type Overlay, overlayOn } from './overlay.ts'

/** Earlier decisions and records, by `dedupName`. Null for a key that was not used. */
export type Earlier = {
  decisions: ReadonlyMap<string, Decision<FirstAnswer> | null>
  records: ReadonlyMap<string, DedupRecord | null>
  /** Whether other keys are new. If not, those of records must be looked up. */
  isComplete: boolean
}
/** A distinct value that is new in a window. */
export type DistinctValue = DistinctValueOf & { window: Window }

/** The stored part of the first result of a consumption. Repetitions get it again. */
export type FirstAnswer = {
  isGranted: boolean
  accessDeniedReason: AccessDeniedReason | null
  recorded: boolean
  /** The attribution keys whose values name no entity; absent for none. */
  unresolved?: readonly string[]
}
/** The deduplication key of a decision, to be written. */
export type DecisionEntry = DedupKeyOf & Decision<FirstAnswer> & { keptUntil: Instant }

/**
 * The usage of a batch's customers: what was loaded, and what the requests of the batch add. Each
 * request works on a savepoint, so a refused request changes nothing.
 */
export type State = {
  totals: Overlay<readonly WindowTotal[]>
  /** The totals as they are stored. They need not be written again. */
  storedTotals: ReadonlySet<WindowTotal>
  /** Features for which one of the customers has usage or a hold. */
  usedFeatures: ReadonlySet<Uuid>
  dedupRecords: Overlay<DedupRecord>
  decisions: Overlay<Decision<FirstAnswer>>
  /** Distinct values, by value and window. */
  seenValues: Overlay<true>
  reservations: Overlay<Reservation>
  /**
   * Usage by counter. It is complete for counters that decide something or get a SET and, if there
   * are thresholds, for those of windows in progress. For other counters, it is only the sum of
   * what the batch adds.
   */
  counters: Overlay<Quantity>
  /** When the latest SET of a counter occurred. */
  setAts: Overlay<Instant>
  /** The amounts that reservations hold, by counter. */
  holds: Overlay<Quantity>
  /** The thresholds of the environment. */
  thresholds: readonly Threshold[]
  /** The thresholds that a counter has crossed; loaded only if there are thresholds. */
  crossed: Overlay<readonly Threshold[]>

  /** The fields below are written at the end, like the changes of `totals` and `reservations`. */
  records: UsageRecord[]
  dedupEntries: Overlay<DedupEntry>
  decisionEntries: Overlay<DecisionEntry>
  distinctValues: Overlay<DistinctValue>
  /** What is added to each counter in total. */
  counterChanges: Overlay<CounterChange>
  unattributed: Overlay<UnresolvedKeyCount & { customerKey: Uuid }>
  crossings: CrossingEvent[]
  /** Thresholds that levels had crossed and have fallen below again. */
  resets: ThresholdReset[]
}

export type ThresholdReset = Omit<ThresholdCrossing, 'environmentKey'>

/** A budget whose thresholds a record has crossed. */
export type CrossingEvent = {
  customerKey: Uuid
  budget: Budget
  feature: Pick<Feature, 'id'>
  window: Window
  /** In the units of the limit, signed. */
  usage: Quantity
  thresholds: readonly Threshold[]
  origin: Origin
  now: Instant
}

export const subjectName = ({
  customerKey,
  featureKey,
  resourceKey,
}: CustomerMeterSubject): string => `${customerKey} ${featureKey} ${resourceKey}`
export const dedupName = ({ customerKey, name }: DedupKeyOf): string => `${customerKey} ${name}`
export const valueName = (value: DistinctValueOf, window: Window): string =>
  `${subjectName(value)} ${value.hash} ${window.start} ${window.end}`
export const reservationName = ({ customerKey, key }: ReservationOf): string =>
  `${customerKey} ${key}`

/** What a state is based on: the values below its overlays, and the fields that never change. */
type Below = {
  [K in keyof State as State[K] extends unknown[] ? never : K]: State[K] extends Overlay<infer V>
    ? Pick<Overlay<V>, 'get'>
    : State[K]
}

/** The empty changes at the start of a batch. */
const NOTHING = new Map<string, never>()
const NOTHING_WRITTEN = {
  dedupEntries: NOTHING,
  decisionEntries: NOTHING,
  distinctValues: NOTHING,
  counterChanges: NOTHING,
  unattributed: NOTHING,
} satisfies Partial<Below>

/** The state at the start of a batch. */
export const stateOf = (rows: Omit<Below, keyof typeof NOTHING_WRITTEN>): State =>
  savepoint({ ...rows, ...NOTHING_WRITTEN })

/**
 * Returns a state on top of another one. `commitSavepoint` keeps its changes; otherwise they are
 * dropped.
 */
export const savepoint = (state: Below): State => ({
  totals: overlayOn(state.totals),
  storedTotals: state.storedTotals,
  usedFeatures: state.usedFeatures,
  dedupRecords: overlayOn(state.dedupRecords),
  decisions: overlayOn(state.decisions),
  seenValues: overlayOn(state.seenValues),
  reservations: overlayOn(state.reservations),
  counters: overlayOn(state.counters),
  setAts: overlayOn(state.setAts),
  holds: overlayOn(state.holds),
  thresholds: state.thresholds,
  crossed: overlayOn(state.crossed),
  records: [],
  dedupEntries: overlayOn(state.dedupEntries),
  decisionEntries: overlayOn(state.decisionEntries),
  distinctValues: overlayOn(state.distinctValues),
  counterChanges: overlayOn(state.counterChanges),
  unattributed: overlayOn(state.unattributed),
  crossings: [],
  resets: [],
})

/** Adds the changes of a savepoint to the state below it. */
export function commitSavepoint(draft: State, state: State): void {
  commitOverlay(draft.totals, state.totals)
  commitOverlay(draft.dedupRecords, state.dedupRecords)
  commitOverlay(draft.decisions, state.decisions)
  commitOverlay(draft.seenValues, state.seenValues)
  commitOverlay(draft.reservations, state.reservations)
  commitOverlay(draft.counters, state.counters)
  commitOverlay(draft.setAts, state.setAts)
  commitOverlay(draft.holds, state.holds)
  commitOverlay(draft.crossed, state.crossed)
  state.records.push(...draft.records)
  commitOverlay(draft.dedupEntries, state.dedupEntries)
  commitOverlay(draft.decisionEntries, state.decisionEntries)
  commitOverlay(draft.distinctValues, state.distinctValues)
  commitOverlay(draft.counterChanges, state.counterChanges)
  commitOverlay(draft.unattributed, state.unattributed)
  state.crossings.push(...draft.crossings)
  state.resets.push(...draft.resets)
}
