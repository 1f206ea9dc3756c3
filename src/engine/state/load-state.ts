import type { Tx } from '../../db/index.ts'
import type { Clock, Instant } from '../../kernel/clock.ts'
import { type DedupKeyOf, findDedupRecords } from '../../metering/dedup/index.ts'
import type { Reservation } from '../../metering/index.ts'
import { findReservations, type ReservationOf } from '../../metering/reservations/index.ts'
import { loadParts, type PartQuery } from '../participants/index.ts'
import type { ValidatedRecord } from '../types.ts'
import { dedupName, type Earlier, reservationName, type State, stateOf } from './state.ts'

/** What the requests of a batch need in the state. */
export type StateQuery = PartQuery & {
  /** Reservations that are about to change. */
  reservations: readonly Reservation[]
  /**
   * Earlier decisions, and earlier records of events, that have deduplication keys of the batch.
   */
  earlier: Earlier
}

/** A state, and the names (`dedupName`) of the deduplication keys that were found for it. */
export type LoadedState = { state: State; foundKeys: readonly string[] }

/**
 * Loads what a batch adds to or decides by. What is cached is not read. Deduplication keys of
 * reports are never cached. No round trip if everything that is needed is cached. Otherwise one, or
 * more if a window with records has no stored total yet.
 */
export async function loadState(tx: Tx, clock: Clock, query: StateQuery): Promise<LoadedState> {
  const { records, decisions, earlier } = query
  const recordKeys = earlier.isComplete
    ? []
    : dedupKeysOf(records).filter((key) => !earlier.records.has(dedupName(key)))
  const decided = dedupKeysOf(decisions.map(({ record }) => record))
  const [parts, dedupRecords, reserved] = await Promise.all([
    loadParts(tx, query),
    findDedupRecords(tx, clock, recordKeys),
    findReservations(tx, reservationsOf(decided, earlier)),
  ])
  const known = new Map([
    ...found(earlier.records),
    ...found(new Map(recordKeys.map((key, index) => [dedupName(key), dedupRecords[index]]))),
  ])
  const firstDecisions = new Map(found(earlier.decisions))
  const state = stateOf({
    parts,
    dedupRecords: known,
    decisions: firstDecisions,
    reservations: new Map(
      [...query.reservations, ...reserved].map((each) => [reservationName(each), each]),
    ),
  })
  return { state, foundKeys: [...known.keys(), ...firstDecisions.keys()] }
}

/** Returns the deduplication keys of records, without duplicates. */
export function dedupKeysOf(
  records: readonly ValidatedRecord[],
): (DedupKeyOf & { now: Instant })[] {
  const keys = records.flatMap(({ customerKey, dedup, acceptedAt }) =>
    dedup === null ? [] : [{ customerKey, name: dedup.key, now: acceptedAt }],
  )
  return [...new Map(keys.map((key) => [dedupName(key), key])).values()]
}

/** Returns the entries whose value is not null. */
const found = <V>(by: ReadonlyMap<string, V | null | undefined>): [string, V][] =>
  [...by].flatMap(([name, value]): [string, V][] => (value ? [[name, value]] : []))

/**
 * Returns the reservations that earlier decisions made: those that granted and recorded nothing.
 */
const reservationsOf = (keys: readonly DedupKeyOf[], { decisions }: Earlier): ReservationOf[] =>
  keys.flatMap((key) => {
    const decision = decisions.get(dedupName(key))
    if (!decision?.answer.isGranted || decision.answer.recorded) return []
    return [{ customerKey: key.customerKey, key: decision.eventKey }]
  })
