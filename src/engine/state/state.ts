import type { AccessDeniedReason } from '../../api.gen.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Decision, DedupEntry, DedupKeyOf, DedupRecord } from '../../metering/dedup/index.ts'
import type { Reservation, UsageRecord } from '../../metering/index.ts'
import type { ReservationOf } from '../../metering/reservations/index.ts'
import { commitOverlay, type Overlay, overlayOn } from '../overlay.ts'
import type { Parts } from '../participants/index.ts'

/** Earlier decisions and records, by `dedupName`. Null for a key that was not used. */
export type Earlier = {
  decisions: ReadonlyMap<string, Decision<FirstAnswer> | null>
  records: ReadonlyMap<string, DedupRecord | null>
  /** Whether other keys are new. If not, those of records must be looked up. */
  isComplete: boolean
}

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
 * What the requests of a batch depend on and add: what was loaded, and the changes. Each request
 * works on a savepoint, so a refused request changes nothing.
 */
export type State = {
  /** Usage and holds. */
  parts: Parts
  dedupRecords: Overlay<DedupRecord>
  decisions: Overlay<Decision<FirstAnswer>>
  reservations: Overlay<Reservation>

  /** The fields below are written at the end, like the changes of `reservations` and `parts`. */
  records: UsageRecord[]
  dedupEntries: Overlay<DedupEntry>
  decisionEntries: Overlay<DecisionEntry>
}

export const dedupName = ({ customerKey, name }: DedupKeyOf): string => `${customerKey} ${name}`
export const reservationName = ({ customerKey, key }: ReservationOf): string =>
  `${customerKey} ${key}`

/** What was loaded for a batch. */
type LoadedRows = {
  parts: Parts
  dedupRecords: ReadonlyMap<string, DedupRecord>
  decisions: ReadonlyMap<string, Decision<FirstAnswer>>
  reservations: ReadonlyMap<string, Reservation>
}

const NOTHING = new Map<string, never>()

/** The state at the start of a batch. */
export const stateOf = ({ parts, dedupRecords, decisions, reservations }: LoadedRows): State => ({
  parts,
  dedupRecords: overlayOn(dedupRecords),
  decisions: overlayOn(decisions),
  reservations: overlayOn(reservations),
  records: [],
  dedupEntries: overlayOn<DedupEntry>(NOTHING),
  decisionEntries: overlayOn<DecisionEntry>(NOTHING),
})

/**
 * Returns a state on top of another one. `commitSavepoint` keeps its changes; otherwise they are
 * dropped.
 */
export const savepoint = (state: State): State => ({
  parts: state.parts.map((part) => part.savepoint()),
  dedupRecords: overlayOn(state.dedupRecords),
  decisions: overlayOn(state.decisions),
  reservations: overlayOn(state.reservations),
  records: [],
  dedupEntries: overlayOn(state.dedupEntries),
  decisionEntries: overlayOn(state.decisionEntries),
})

/** Adds the changes of a savepoint to the state below it. */
export function commitSavepoint(draft: State, state: State): void {
  for (const part of draft.parts) part.commit()
  commitOverlay(draft.dedupRecords, state.dedupRecords)
  commitOverlay(draft.decisions, state.decisions)
  commitOverlay(draft.reservations, state.reservations)
  state.records.push(...draft.records)
  commitOverlay(draft.dedupEntries, state.dedupEntries)
  commitOverlay(draft.decisionEntries, state.decisionEntries)
}
