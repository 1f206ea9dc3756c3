import type { Tx } from '../../db/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { findDecisions } from '../../metering/dedup/index.ts'
import type { Reservation, UsageRecord } from '../../metering/index.ts'
import { hasRecord } from '../../metering/records/index.ts'
import { findReservations } from '../../metering/reservations/index.ts'
import type { DecisionEntry, FirstAnswer, State } from '../state/index.ts'

/** Something that a group writes, by which its commit is known. */
export type CommitProbe =
  | { kind: 'record'; record: UsageRecord }
  | { kind: 'decision'; decision: DecisionEntry }
  | { kind: 'reservation'; reservation: Reservation }

/** null: the group writes nothing that could be lost. */
export function probeOf(state: State): CommitProbe | null {
  const [record] = state.records
  if (record !== undefined) return { kind: 'record', record }
  const [decision] = state.decisions.changes.values()
  if (decision !== undefined) return { kind: 'decision', decision }
  const [reservation] = state.reservations.changes.values()
  return reservation === undefined ? null : { kind: 'reservation', reservation }
}

/** Whether what a group wrote is there. The heads of its customers must be locked. */
export async function isCommitted(tx: Tx, clock: Clock, marker: CommitProbe): Promise<boolean> {
  if (marker.kind === 'record') return hasRecord(tx, marker.record)
  if (marker.kind === 'decision') {
    const { eventKey, occurredAt: now, ...name } = marker.decision
    const [found] = await findDecisions<FirstAnswer>(tx, clock, [{ ...name, now }])
    return found?.eventKey === eventKey
  }
  const { reservation } = marker
  const [found] = await findReservations(tx, [reservation])
  if (found === undefined) return false
  // An extension may have been followed by whatever comes later.
  if (reservation.status === 'open')
    return found.status !== 'open' || found.expiresAt >= reservation.expiresAt
  return found.status === reservation.status
}
