import { required } from '../kernel/assert.ts'
import { isSameWindow, type Window } from '../kernel/period.ts'
import {
  amountOfSet,
  findUsage,
  hashOfMark,
  type KeptTotal,
  type Measured,
  type Named,
  refuseOutOfRange,
  totalsAfterSet,
  totalsWith,
  usageOf,
} from '../metering/index.ts'
import { postToBudgets } from './post-to-budgets.ts'
import { nameOfMetered, nameOfNamed, nameOfSeen, type State } from './state.ts'
import type { Counting, Prepared } from './types.ts'

/**
 * Counts a record, unless one of its name has been counted: then it adds nothing. Answers the
 * record that stands for it. 400 `EntitlementUsageOutOfRangeError` and
 * `UsageMeasurementDiffOutOfRangeError`, after which the draft is not to be kept.
 */
export function countPrepared(draft: State, prepared: Prepared, eventKey: () => string): Named {
  const name = nameOfNamed(prepared)
  const first = prepared.isRepeatable ? draft.named.get(name) : undefined
  if (first !== undefined) return first
  const measured = prepared.counting.flatMap((counting) => count(draft, prepared, counting))
  const { customerKey, resourceKey, occurredAt, acceptedAt, kind, eventName, value } = prepared
  const named = { eventKey: eventKey(), occurredAt }
  draft.named.set(name, named)
  draft.names.set(name, {
    ...named,
    customerKey,
    name: prepared.name,
    keptUntil: prepared.keptUntil,
  })
  draft.records.push({
    ...named,
    customerKey,
    resourceKey,
    acceptedAt,
    kind,
    eventName,
    value,
    dimensions: prepared.dimensions,
    measured,
    attribution: postToBudgets(draft, prepared, measured),
  })
  return named
}

/** What the record comes to for one feature: nothing for a SET that is older than the last one. */
function count(draft: State, prepared: Prepared, counting: Counting): Measured[] {
  const { occurredAt, setIn, field } = prepared
  const metered = { ...prepared, featureKey: counting.featureKey }
  const name = nameOfMetered(metered)
  const before = required(draft.totals.get(name), 'the totals of what is counted')
  const amount =
    setIn === null
      ? counting.amount
      : amountOfSet(totalIn(before, setIn), { value: counting.amount, occurredAt }, field)
  if (amount === null) return []
  const isNewIn = (window: Window) => noteMark(draft, { ...metered, mark: counting.mark }, window)
  const counted = totalsWith(before, { amount, occurredAt }, isNewIn)
  const after = setIn === null ? counted : totalsAfterSet(counted, occurredAt)
  refuseOutOfRange(usageOf(totalIn(after, counting.window).tally, counting.aggregate), field)
  draft.totals.set(name, after)
  return [{ featureKey: counting.featureKey, amount, mark: counting.mark }]
}

const totalIn = (totals: readonly KeptTotal[], window: Window): KeptTotal =>
  required(
    totals.find((total) => isSameWindow(total.window, window)),
    'a window that is counted in',
  )

type MarkSeen = {
  customerKey: string
  featureKey: string
  resourceKey: string
  mark: string | null
}

/** Whether a window sees a mark for the first time, which it then has. */
function noteMark(draft: State, { mark, ...metered }: MarkSeen, window: Window): boolean {
  if (mark === null) return false
  const { customerKey, featureKey, resourceKey } = metered
  const marking = { customerKey, featureKey, resourceKey, hash: hashOfMark(mark), window }
  const name = nameOfSeen(marking, window)
  if (draft.seen.get(name)) return false
  draft.seen.set(name, true)
  draft.marks.set(name, marking)
  return true
}

/** Usage of a feature where it is shown, after all that the draft has counted. Signed. */
export const usageShown = (draft: State, prepared: Prepared, counting: Counting): bigint => {
  const name = nameOfMetered({ ...prepared, featureKey: counting.featureKey })
  const usage = findUsage(draft.totals.get(name) ?? [], counting.window, counting.aggregate)
  return required(usage, 'usage of a window that was loaded').usage
}
