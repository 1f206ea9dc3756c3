import { transformUnits } from '../../catalog/features/index.ts'
import type { Tx } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { isSameWindow, type Window } from '../../kernel/period.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Scope } from '../../kernel/scope.ts'
import { hashOfMark } from '../../metering/dedup/index.ts'
import type {
  CustomerMeterSubject,
  MeterReading,
  Reservation,
  UsageAmount,
  WindowTotal,
} from '../../metering/index.ts'
import { compareMarks, compareTotals, rebuildTotals } from '../../metering/rebuild/index.ts'
import { freeTotals, holdOf } from '../../metering/reservations/index.ts'
import {
  amountOfSet,
  findUsage,
  refuseOutOfRange,
  saveDistinctValues,
  saveTotals,
  totalsAfterSet,
  totalsHolding,
  totalsWith,
  usageOf,
} from '../../metering/totals/index.ts'
import { commitOverlay, type Overlay, overlayOn } from '../overlay.ts'
import type { MeterAmount, ReportResult, ValidatedRecord } from '../types.ts'
import {
  changesOfLimits,
  explainLimits,
  holdsBlockingLimits,
  stanceOfLimits,
} from './explain-limits.ts'
import {
  type LoadedTotals,
  loadTotals,
  subjectName,
  valueName,
  type WindowValue,
} from './load-totals.ts'
import type {
  Authorization,
  AuthorizationQuery,
  CommittedCustomers,
  Part,
  Participant,
  PartQuery,
  Postings,
} from './participant.ts'
import { decideByLimit, recallLimits } from './recall-limits.ts'

/** The limits of entitlements. They are compared with the window totals of features. */
export const limits: Participant = {
  load: async (tx: Tx, query: PartQuery) => new LimitPart(await loadTotals(tx, query), null),
  free: (tx, _, ended) => freeTotals(tx, ended.map(holdOf)),
  compare: async (reader, query) => {
    const [totals, marks] = await Promise.all([
      compareTotals(reader, query),
      compareMarks(reader, query),
    ])
    return { totals, marks }
  },
  rebuild: rebuildTotals,
  recall: recallLimits,
  changesAt: changesOfLimits,
  blockingHolds: holdsBlockingLimits,
  explain: explainLimits,
  stance: stanceOfLimits,
}

/** The window totals of a batch's customers. */
class LimitPart implements Part {
  readonly #loaded: LoadedTotals
  readonly #below: LimitPart | null
  readonly #totals: Overlay<readonly WindowTotal[]>
  /** Subjects whose holds have changed. */
  readonly #held: Overlay<true>
  /** Distinct values that a window has, by `valueName`; and those of them that are new. */
  readonly #seenValues: Overlay<true>
  readonly #newValues: Overlay<WindowValue>

  constructor(loaded: LoadedTotals, below: LimitPart | null) {
    this.#loaded = loaded
    this.#below = below
    this.#totals = overlayOn(below === null ? loaded.totals : below.#totals)
    this.#held = overlayOn(below === null ? NOTHING : below.#held)
    this.#seenValues = overlayOn(below === null ? loaded.seenValues : below.#seenValues)
    this.#newValues = overlayOn(below === null ? NOTHING : below.#newValues)
  }

  savepoint(): Part {
    return new LimitPart(this.#loaded, this)
  }

  commit(): void {
    const below = required(this.#below, 'the part below a savepoint')
    commitOverlay(this.#totals, below.#totals)
    commitOverlay(this.#held, below.#held)
    commitOverlay(this.#seenValues, below.#seenValues)
    commitOverlay(this.#newValues, below.#newValues)
  }

  /** Decides by the entitlement, and by dimensions that name no entity. */
  authorize(query: AuthorizationQuery, before: Authorization): Authorization {
    const { subject, feature, window, record, denying } = query
    const { sources, resolution, changesAt } = query.entitlement
    const used = this.#usedOf(query)
    const featureState = { feature, sources, resolution, changesAt, window, used }
    const { acceptedAt: now, occurredAt: at } = record
    const request = requestOf(query.amount)
    return decideByLimit({ subject, featureState, request, denying, now, at }, before)
  }

  after(query: AuthorizationQuery, { decision, shown }: Authorization): Authorization {
    const evaluated = required(shown.evaluated, 'the decision by the entitlement')
    const { featureState } = evaluated
    const used = this.#usedOf(query)
    const after = { ...evaluated, featureState: featureState && { ...featureState, used } }
    return { decision, shown: { ...shown, evaluated: after } }
  }

  post(record: ValidatedRecord, before: Postings): Postings {
    return { ...before, measured: record.amounts.map((amount) => this.#postAmount(record, amount)) }
  }

  hold(record: ValidatedRecord, reservation: Reservation): void {
    this.#addHold(reservation, 1n)
    const { window } = required(record.amounts[0], 'the amount of a reservation')
    const { usage, held } = this.#usageIn(reservation, { window, aggregate: 'SUM' })
    refuseOutOfRange(usage + held, record.field)
  }

  free(reservation: Reservation): void {
    this.#addHold(reservation, -1n)
  }

  report(record: ValidatedRecord, before: ReportResult): ReportResult {
    const amount = required(record.amounts[0], 'the amount of a report')
    const { customerKey, resourceKey } = record
    const { usage } = this.#usageIn({ customerKey, resourceKey, ...amount }, amount)
    const units = transformUnits(usage, amount.feature.unitTransformation)
    return {
      ...before,
      currentUsage: units < 0n ? 0n : units,
      period: record.period,
    }
  }

  needsLocks(): boolean {
    return false
  }

  isUsed(featureKey: Uuid): boolean {
    return this.#loaded.usedFeatures.has(featureKey)
  }

  save(tx: Tx, { scope }: { scope: Scope }): Promise<unknown> {
    return Promise.all([
      saveTotals(tx, scope, this.#changedTotals()),
      saveDistinctValues(tx, scope, [...this.#newValues.changes.values()]),
    ])
  }

  cache({ cachedOf, nowOf }: CommittedCustomers): void {
    for (const [name, { subject, from }] of this.#loaded.subjects) {
      const totals = required(this.#totals.get(name), 'the totals of a subject')
      const { customerKey } = subject
      cachedOf(customerKey).limits.put(subject, withoutPast({ from, totals }, nowOf(customerKey)))
    }
  }

  #usedOf({ record, feature, window }: AuthorizationQuery): UsageAmount {
    const { customerKey, resourceKey } = record
    const subject = { customerKey, resourceKey, featureKey: feature.key }
    return this.#usageIn(subject, { window, aggregate: 'SUM' })
  }

  #usageIn(
    subject: CustomerMeterSubject,
    { window, aggregate }: Pick<MeterAmount, 'window' | 'aggregate'>,
  ): UsageAmount {
    const totals = required(this.#totals.get(subjectName(subject)), 'the totals of a feature')
    return required(findUsage(totals, window, aggregate), 'the usage of a window')
  }

  /**
   * Adds a record to the totals of a feature. Returns the amount that it adds. A SET adds the
   * difference to the current usage, or 0 if it is older than the latest SET.
   */
  #postAmount(record: ValidatedRecord, added: MeterAmount): MeterReading {
    const { customerKey, resourceKey, occurredAt, setWindow, field } = record
    const { featureKey, mark } = added
    const subject = { customerKey, featureKey, resourceKey }
    const name = subjectName(subject)
    const before = required(this.#totals.get(name), 'the totals of a feature')
    const amount =
      setWindow === null
        ? added.amount
        : (amountOfSet(sumIn(before, setWindow), { value: added.amount, occurredAt }, field) ?? 0n)
    const isNewIn =
      mark === null ? never : (window: Window) => this.#addValue({ ...subject, mark }, window)
    const counted = totalsWith(before, { amount, occurredAt }, isNewIn)
    const after = setWindow === null ? counted : totalsAfterSet(counted, occurredAt)
    refuseOutOfRange(usageOf(totalIn(after, added.window).tally, added.aggregate), field)
    this.#totals.set(name, after)
    return { featureKey, amount, mark }
  }

  /** Adds a distinct value to a window. Returns whether it is new in the window. */
  #addValue({ mark, ...subject }: CustomerMeterSubject & { mark: string }, window: Window) {
    const value = { ...subject, hash: hashOfMark(mark), window }
    const name = valueName(value, window)
    if (this.#seenValues.get(name)) return false
    this.#seenValues.set(name, true)
    this.#newValues.set(name, value)
    return true
  }

  #addHold(reservation: Reservation, sign: 1n | -1n): void {
    const name = subjectName(reservation)
    const { occurredAt } = reservation
    const before = required(this.#totals.get(name), 'the totals of a reservation')
    const amount = sign * reservation.amount
    this.#totals.set(name, totalsHolding(before, { amount, occurredAt }))
    this.#held.set(name, true)
  }

  /**
   * Returns the changed totals. Totals without records are left out, unless a hold of the same
   * feature and resource changed.
   */
  #changedTotals(): (CustomerMeterSubject & { total: WindowTotal })[] {
    const { subjects, storedTotals } = this.#loaded
    return [...this.#totals.changes].flatMap(([name, totals]) => {
      const { subject } = required(subjects.get(name), 'the subject of changed totals')
      return totals
        .filter((total) => !storedTotals.has(total))
        .filter(({ tally }) => tally.count > 0n || this.#held.get(name) === true)
        .map((total) => ({ ...subject, total }))
    })
  }
}

/** Returns the request of a check for an amount. */
export const requestOf = (amount: Quantity) => ({ usage: amount, values: null, defaultUsage: 0n })

const NOTHING = new Map<string, never>()

const totalIn = (totals: readonly WindowTotal[], window: Window): WindowTotal =>
  required(
    totals.find((total) => isSameWindow(total.window, window)),
    'the total of a window',
  )

function sumIn(totals: readonly WindowTotal[], window: Window) {
  const { tally, setAt } = totalIn(totals, window)
  return { sum: tally.sum, setAt }
}

const never = () => false

/** If more totals of a subject than this are cached, those of windows that are over are dropped. */
const MAX_WINDOWS = 12

const withoutPast = (
  { from, totals }: { from: Instant; totals: readonly WindowTotal[] },
  now: Instant,
) =>
  totals.length <= MAX_WINDOWS
    ? { from, totals }
    : { from: Math.max(from, now), totals: totals.filter(({ window }) => window.end > now) }
