import { transformUnits } from '../catalog/index.ts'
import { attributionOf, counterName, firedBy, windowOf } from '../governance/index.ts'
import { required } from '../kernel/assert.ts'
import type { Attribution, Measured, Posting } from '../metering/index.ts'
import type { State } from './state.ts'
import type { Prepared } from './types.ts'

/**
 * Adds what a record has counted to the budgets that its dimensions lead to, whatever is left of
 * them, and notes the thresholds that it makes fire. Answers whom it is attributed to.
 */
export function postToBudgets(
  draft: State,
  prepared: Prepared,
  measured: readonly Measured[],
): Attribution | null {
  const { resolution, occurredAt } = prepared
  const attribution = resolution && attributionOf(resolution, { measured, occurredAt })
  for (const posting of attribution?.postings ?? []) {
    add(draft, prepared, posting)
    if (draft.thresholds.length > 0) fire(draft, prepared, posting)
  }
  return attribution
}

function add(draft: State, { customerKey }: Prepared, posting: Posting): void {
  const name = counterName(posting, posting.window)
  const delta = (draft.postings.get(name)?.delta ?? 0n) + posting.delta
  draft.postings.set(name, { ...posting, customerKey, delta })
}

function fire(draft: State, prepared: Prepared, posting: Posting): void {
  const { customerKey, resolution, counting, origin, acceptedAt: now } = prepared
  const { assignmentKey } = posting
  const name = counterName(posting, posting.window)
  const counted = (draft.counters.get(name) ?? 0n) + posting.delta
  draft.counters.set(name, counted)
  const budget = required(
    resolution?.budgets.find((each) => each.assignmentKey === assignmentKey),
    'the budget of a posting',
  )
  const { feature } = required(
    counting.find(({ featureKey }) => featureKey === budget.capabilityKey),
    'the feature of a budget',
  )
  const window = windowOf(budget, prepared.occurredAt)
  const usage = transformUnits(counted, feature.unitTransformation)
  const fired = draft.fired.get(name) ?? []
  const { usageLimit } = budget
  const thresholds = firedBy(draft.thresholds, { usage, usageLimit, window, fired }, now)
  if (thresholds.length === 0) return
  draft.fired.set(name, [...fired, ...thresholds])
  draft.exceeded.push({ customerKey, budget, feature, window, usage, thresholds, origin, now })
}
