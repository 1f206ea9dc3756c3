import type { EntitlementExplanation } from '../api.gen.ts'
import { type ApiError, notFound } from '../kernel/errors.ts'
import { inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Page } from '../kernel/page.ts'
import type { Call } from '../operation.ts'
import { type DecisionFilter, findDecision, listDecisions } from './decision-store.ts'
import type { DecisionRecorder } from './recorder.ts'
import type { StoredDecision } from './types.ts'

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
