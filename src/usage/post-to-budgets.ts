import { transformUnits } from '../catalog/index.ts'
import { counterName, firedBy, windowOf } from '../governance/index.ts'
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
  const { attributing } = prepared
  const attribution = attributing.attributionOf(measured)
  for (const posting of attribution?.postings ?? []) {
    add(draft, prepared, posting)
    if (draft.thresholds.length > 0) fire(draft, prepared, posting)
  }
  noteUnattributed(draft, prepared)
  return attribution
}

/** Notes the attribution keys of a record, or of what is held, that name nobody. */
export function noteUnattributed(draft: State, prepared: Prepared): void {
  const { attributing, customerKey, acceptedAt } = prepared
  for (const key of attributing.unresolved) {
    const name = `${customerKey} ${key}`
    const records = (draft.unattributed.get(name)?.records ?? 0) + 1
    draft.unattributed.set(name, { customerKey, key, records, lastAt: acceptedAt })
  }
}

function add(draft: State, { customerKey }: Prepared, posting: Posting): void {
  const name = counterName(posting, posting.window)
  const delta = (draft.postings.get(name)?.delta ?? 0n) + posting.delta
  draft.postings.set(name, { ...posting, customerKey, delta })
  draft.counters.set(name, (draft.counters.get(name) ?? 0n) + posting.delta)
}

function fire(draft: State, prepared: Prepared, posting: Posting): void {
  const { customerKey, attributing, counting, origin, occurredAt, acceptedAt: now } = prepared
  const { assignmentKey, revision } = posting
  const name = counterName(posting, posting.window)
  const budget = attributing.budgets.find((each) => each.assignmentKey === assignmentKey)
  // What a reservation held of a cadence that the budget no longer has is over.
  if (budget === undefined || budget.revision !== revision) return
  const { feature } = required(
    counting.find(({ featureKey }) => featureKey === budget.capabilityKey),
    'the feature of a budget',
  )
  const counted = required(draft.counters.get(name), 'a counter that was just added to')
  const usage = transformUnits(counted, feature.unitTransformation)
  const window = windowOf(budget, occurredAt)
  const fired = draft.fired.get(name) ?? []
  const { usageLimit } = budget
  const thresholds = firedBy(draft.thresholds, { usage, usageLimit, window, fired }, now)
  if (thresholds.length === 0) return
  draft.fired.set(name, [...fired, ...thresholds])
  draft.exceeded.push({ customerKey, budget, feature, window, usage, thresholds, origin, now })
}
