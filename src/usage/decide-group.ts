import { transformUnits } from '../catalog/index.ts'
import { required } from '../kernel/assert.ts'
import { Refusal } from '../kernel/errors.ts'
import { instantOfKey, type Uuid } from '../kernel/ids.ts'
import { isSameWindow, LIFETIME } from '../kernel/period.ts'
import { countPrepared, usageShown } from './count-prepared.ts'
import type { Outcome } from './group-queue.ts'
import { draftOf, keepDraft, type State } from './state.ts'
import type { Prepared, Reported } from './types.ts'

/** The records of a request, and whether it asks what they come to; or why it is refused. */
export type PreparedRequest = { records: readonly Prepared[]; asksUsage: boolean } | Refusal

/**
 * Counts the requests of a group one after the other, each with what those before it have left. A
 * request that is refused leaves nothing behind, and no other is any the worse for it. Answers what
 * each record of a request came to, right after it, if the request asks for that.
 */
export const decideGroup = (
  state: State,
  requests: readonly PreparedRequest[],
  keyOf: (prepared: Prepared) => Uuid,
): Outcome<readonly Reported[]>[] =>
  requests.map((request) => {
    if (request instanceof Refusal) return { refusal: request }
    const draft = draftOf(state)
    try {
      const answer = request.records.flatMap((prepared) => {
        const { eventKey, occurredAt } = countPrepared(draft, prepared, () => keyOf(prepared))
        return request.asksUsage
          ? [{ eventKey, occurredAt, ...usageAfter(draft, prepared, eventKey) }]
          : []
      })
      keepDraft(draft, state)
      return { answer }
    } catch (error) {
      if (error instanceof Refusal) return { refusal: error }
      throw error
    }
  })

function usageAfter(draft: State, prepared: Prepared, eventKey: Uuid) {
  const counting = required(prepared.counting[0], 'the feature of a report')
  const { feature, window } = counting
  const units = transformUnits(usageShown(draft, prepared, counting), feature.unitTransformation)
  return {
    acceptedAt: instantOfKey(eventKey),
    currentUsage: units < 0n ? 0n : units,
    period: isSameWindow(window, LIFETIME) ? null : window,
  }
}
