import type { Tx } from '../../db/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { findDecisions } from '../../metering/dedup/index.ts'
import type { Reservation, UsageRecord } from '../../metering/index.ts'
import { hasRecord } from '../../metering/records/index.ts'
import { findReservations } from '../../metering/reservations/index.ts'
import type { DecisionEntry, FirstAnswer, State } from '../state/index.ts'

/** Something that a batch writes. If the database has it, the batch was committed. */
export type CommitProbe =
  | { kind: 'record'; record: UsageRecord }
  | { kind: 'decision'; decision: DecisionEntry }
  | { kind: 'reservation'; reservation: Reservation }

/** Returns something that the batch writes. Null if it writes nothing that could be lost. */
export function probeOf(state: State): CommitProbe | null {
  const [record] = state.records
  if (record !== undefined) return { kind: 'record', record }
  const [decision] = state.decisionEntries.changes.values()
  if (decision !== undefined) return { kind: 'decision', decision }
  const [reservation] = state.reservations.changes.values()
  return reservation === undefined ? null : { kind: 'reservation', reservation }
}

/** Returns whether a batch was committed. The versions of its customers must be locked. */
export async function isCommitted(tx: Tx, clock: Clock, probe: CommitProbe): Promise<boolean> {
  if (probe.kind === 'record') return hasRecord(tx, probe.record)
  if (probe.kind === 'decision') {
    const { eventKey, occurredAt: now, ...key } = probe.decision
    const [found] = await findDecisions<FirstAnswer>(tx, clock, [{ ...key, now }])
    return found?.eventKey === eventKey
  }
  const { reservation } = probe
  const [found] = await findReservations(tx, [reservation])
  if (found === undefined) return false
  // After an extension, the reservation may have been extended again or have ended.
  if (reservation.status === 'open')
    return found.status !== 'open' || found.expiresAt >= reservation.expiresAt
  return found.status === reservation.status
}
