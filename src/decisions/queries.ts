import type { EntitlementExplanation } from '../api.gen.ts'
import type { Instant } from '../kernel/clock.ts'
import { type ApiError, notFound } from '../kernel/errors.ts'
import { inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Page } from '../kernel/page.ts'
import type { Call } from '../operation.ts'
import { type DecisionFilter, findDecision, listDecisions } from './decision-store.ts'
import { readMinutes } from './minute-store.ts'
import type { DecisionRecorder } from './recorder.ts'
import type { MinuteCounts, StoredDecision } from './types.ts'

const unknownDecision = (id: string): ApiError =>
  notFound(
    inPath('decisionId'),
    null,
    `decision ${id} not found; denials are kept for a limited time`,
  )

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** Returns the key of a decision from the id in a path. 404 if the id is no UUID. */
export function decisionKey(id: string): Uuid {
  if (!UUID.test(id)) throw unknownDecision(id)
  return id.toLowerCase()
}

/**
 * Returns denials, newest first. What this server has denied before is among them; what other
 * servers have denied follows within seconds.
 */
export async function listDenials(
  call: Call,
  recorder: DecisionRecorder,
  filter: DecisionFilter,
): Promise<Page<StoredDecision>> {
  await recorder.settle(call)
  return listDecisions(call.app.db.read, call.scope, filter)
}

/** 404 without a code. */
export async function retrieveDenial(
  call: Call,
  recorder: DecisionRecorder,
  key: Uuid,
): Promise<{ decision: StoredDecision; explanation: EntitlementExplanation | null }> {
  await recorder.settle(call)
  const found = await findDecision(call.app.db.read, call.scope, key)
  if (found === null) throw unknownDecision(key)
  return found
}

/**
 * Returns what was decided in the minutes that begin from `from` (inclusive) to `until`
 * (exclusive), one element for each minute of each server, in no order. What this server has
 * counted is complete. Other servers write every 10 s.
 */
export async function minutesBetween(
  { app, scope }: Call,
  recorder: DecisionRecorder,
  { from, until }: { from: Instant; until: Instant },
): Promise<{ minute: Instant; counts: MinuteCounts }[]> {
  const own = recorder.minutesInMemory({ app, scope })
  const stored = await readMinutes(app.db.read, scope, { from, until })
  const inMemory = own.minutes.filter(({ minute }) => minute >= from && minute < until)
  const known = new Set(inMemory.map(({ minute }) => minute))
  const isReplaced = ({ serverKey, minute }: { serverKey: Uuid; minute: Instant }) =>
    serverKey === own.serverKey && known.has(minute)
  return [...stored.filter((each) => !isReplaced(each)), ...inMemory]
}
