import { required } from '../../kernel/assert.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { isSameWindow, type Window } from '../../kernel/period.ts'
import { type DedupRecord, hashOfMark } from '../../metering/dedup/index.ts'
import type { CustomerMeterSubject, MeterReading, WindowTotal } from '../../metering/index.ts'
import {
  amountOfSet,
  findUsage,
  refuseOutOfRange,
  totalsAfterSet,
  totalsWith,
  usageOf,
} from '../../metering/totals/index.ts'
import type { MeterAmount, ValidatedRecord } from '../types.ts'
import { postToBudgets } from './post-to-budgets.ts'
import { nameOfMetered, nameOfNamed, nameOfSeen, type State } from './state.ts'

/**
 * Counts a record, unless one of its name has been counted: then it adds nothing. Answers the
 * record that stands for it. 400 `EntitlementUsageOutOfRangeError` and
 * `UsageMeasurementDiffOutOfRangeError`, after which the draft is not to be kept.
 */
export function countPrepared(
  draft: State,
  prepared: ValidatedRecord,
  eventKey: () => string,
): DedupRecord {
  const { customerKey, occurredAt, naming } = prepared
  const name = naming && nameOfNamed({ customerKey, name: naming.name })
  const first = name === null ? undefined : draft.named.get(name)
  if (first !== undefined) return first
  const named = { eventKey: eventKey(), occurredAt }
  countRecord(draft, prepared, named.eventKey)
  if (naming !== null && name !== null) {
    draft.named.set(name, named)
    draft.names.set(name, { ...named, customerKey, ...naming })
  }
  return named
}

/** Counts a record, whatever was counted before. 400 as `countPrepared`. */
export function countRecord(draft: State, prepared: ValidatedRecord, eventKey: Uuid): void {
  const measured = prepared.counting.flatMap((counting) => count(draft, prepared, counting))
  const { customerKey, resourceKey, occurredAt, acceptedAt, kind, eventName, value } = prepared
  draft.records.push({
    customerKey,
    eventKey,
    occurredAt,
    resourceKey,
    acceptedAt,
    kind,
    eventName,
    value,
    dimensions: prepared.dimensions,
    measured,
    attribution: postToBudgets(draft, prepared, measured),
  })
}

/** What the record comes to for one feature: 0 for a SET that is older than the last one. */
function count(draft: State, prepared: ValidatedRecord, counting: MeterAmount): MeterReading[] {
  const { customerKey, resourceKey, occurredAt, setIn, field } = prepared
  const { featureKey, mark } = counting
  const metered = { customerKey, featureKey, resourceKey }
  const name = nameOfMetered(metered)
  const before = required(draft.totals.get(name), 'the totals of what is counted')
  const amount =
    setIn === null
      ? counting.amount
      : (amountOfSet(sumIn(before, setIn), { value: counting.amount, occurredAt }, field) ?? 0n)
  const isNewIn =
    mark === null ? never : (window: Window) => noteMark(draft, { ...metered, mark }, window)
  const counted = totalsWith(before, { amount, occurredAt }, isNewIn)
  const after = setIn === null ? counted : totalsAfterSet(counted, occurredAt)
  refuseOutOfRange(usageOf(totalIn(after, counting.window).tally, counting.aggregate), field)
  draft.totals.set(name, after)
  return [{ featureKey, amount, mark }]
}

const totalIn = (totals: readonly WindowTotal[], window: Window): WindowTotal =>
  required(
    totals.find((total) => isSameWindow(total.window, window)),
    'a window that is counted in',
  )

function sumIn(totals: readonly WindowTotal[], window: Window) {
  const { tally, setAt } = totalIn(totals, window)
  return { sum: tally.sum, setAt }
}

const never = () => false

type MarkSeen = CustomerMeterSubject & { mark: string }

/** Whether a window sees a mark for the first time, which it then has. */
function noteMark(draft: State, { mark, ...metered }: MarkSeen, window: Window): boolean {
  const marking = { ...metered, hash: hashOfMark(mark), window }
  const name = nameOfSeen(marking, window)
  if (draft.seen.get(name)) return false
  draft.seen.set(name, true)
  draft.marks.set(name, marking)
  return true
}

/** Usage of a feature where it is shown, after all that the draft has counted. Signed. */
export const usageShown = (
  draft: State,
  prepared: ValidatedRecord,
  counting: MeterAmount,
): bigint => {
  const name = nameOfMetered({ ...prepared, featureKey: counting.featureKey })
  const usage = findUsage(draft.totals.get(name) ?? [], counting.window, counting.aggregate)
  return required(usage, 'usage of a window that was loaded').usage
}
