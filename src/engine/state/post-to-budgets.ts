import {
  type Budget,
  counterName,
  crossedBy,
  type Threshold,
  uncrossedBy,
  windowOf,
} from '../../budgets/index.ts'
import { transformUnits } from '../../catalog/features/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Attribution, MeterReading, Posting } from '../../metering/index.ts'
import { amountOfSet } from '../../metering/totals/index.ts'
import type { ValidatedRecord } from '../types.ts'
import type { State } from './state.ts'

/**
 * Adds what a record has counted to the budgets that its dimensions lead to, whatever is left of
 * them, and notes the thresholds that it makes fire. A SET makes each of them its value, by itself.
 * Answers whom it is attributed to. 400 `UsageMeasurementDiffOutOfRangeError`.
 */
export function postToBudgets(
  draft: State,
  prepared: ValidatedRecord,
  measured: readonly MeterReading[],
): Attribution | null {
  const { attributing } = prepared
  const attribution = attributing.attributionOf(measured)
  const postings = (attribution?.postings ?? []).flatMap((posting) =>
    prepared.setIn === null ? [posting] : postingsOfSet(draft, prepared, posting),
  )
  for (const posting of postings) {
    add(draft, prepared, posting)
    if (draft.thresholds.length > 0) fire(draft, prepared, posting)
  }
  noteUnattributed(draft, prepared)
  return attribution && { ...attribution, postings }
}

/** What a counter lacks of the value of a SET; nothing where a later SET is in force. */
function postingsOfSet(draft: State, prepared: ValidatedRecord, posting: Posting): Posting[] {
  const { occurredAt, field } = prepared
  const value = required(prepared.value, 'the value of a SET')
  const name = counterName(posting, posting.window)
  const kept = { sum: draft.counters.get(name) ?? 0n, setAt: draft.setAts.get(name) ?? null }
  const delta = amountOfSet(kept, { value, occurredAt }, field)
  if (delta === null) return []
  draft.setAts.set(name, occurredAt)
  return [{ ...posting, delta }]
}

/** Notes the attribution keys of a record, or of what is held, that name nobody. */
export function noteUnattributed(draft: State, prepared: ValidatedRecord): void {
  const { attributing, customerKey, acceptedAt } = prepared
  for (const key of attributing.unresolved) {
    const name = `${customerKey} ${key}`
    const records = (draft.unattributed.get(name)?.records ?? 0) + 1
    draft.unattributed.set(name, { customerKey, key, records, lastAt: acceptedAt })
  }
}

function add(draft: State, { customerKey }: ValidatedRecord, posting: Posting): void {
  const name = counterName(posting, posting.window)
  const delta = (draft.postings.get(name)?.delta ?? 0n) + posting.delta
  const setAt = draft.setAts.get(name) ?? null
  draft.postings.set(name, { ...posting, customerKey, delta, setAt })
  draft.counters.set(name, (draft.counters.get(name) ?? 0n) + posting.delta)
}

function fire(draft: State, prepared: ValidatedRecord, posting: Posting): void {
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
  const { usageLimit } = budget
  const fired = rearm(draft, prepared, { posting, budget, usage })
  const thresholds = crossedBy(draft.thresholds, { usage, usageLimit, window, fired }, now)
  if (thresholds.length === 0) return
  draft.fired.set(name, [...fired, ...thresholds])
  draft.exceeded.push({ customerKey, budget, feature, window, usage, thresholds, origin, now })
}

/** What of a budget's thresholds has fired; of a level, without those that it is below again. */
function rearm(
  draft: State,
  { customerKey }: ValidatedRecord,
  { posting, budget, usage }: { posting: Posting; budget: Budget; usage: Quantity },
): readonly Threshold[] {
  const name = counterName(posting, posting.window)
  const fired = draft.fired.get(name) ?? []
  const { isLevel, usageLimit } = budget
  const rearmed = isLevel ? uncrossedBy({ usage, usageLimit, fired }) : []
  if (rearmed.length === 0) return fired
  const left = fired.filter((threshold) => !rearmed.includes(threshold))
  draft.fired.set(name, left)
  draft.rearmed.push(...rearmed.map((threshold) => ({ ...posting, customerKey, threshold })))
  return left
}
