import type { App } from '../../app.ts'
import {
  addUnattributed,
  budgetPaths,
  type CounterChange,
  changeCounters,
  compareCounters,
  counterName,
  deleteCrossed,
  findOrphanedAttributions,
  findWrongPostings,
  isWithin,
  pathsAfter,
  rebuildCounters,
  saveCrossed,
  type Threshold,
  type ThresholdCrossing,
  type UnresolvedKeyCount,
} from '../../budgets/index.ts'
import type { Tx } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Posting, Reservation } from '../../metering/index.ts'
import { amountOfSet } from '../../metering/totals/index.ts'
import { commitOverlay, type Overlay, overlayOn } from '../overlay.ts'
import type { ReportResult, ValidatedRecord } from '../types.ts'
import type { Counter } from './cached-counters.ts'
import { BUDGET_EXCEEDED, combine, isFinal } from './combine.ts'
import { type CrossingEvent, crossingsOf, crossThresholds, publishCrossings } from './crossings.ts'
import {
  changesOfBudgets,
  explainBudgets,
  holdsBlockingBudgets,
  stanceOfBudgets,
} from './explain-budgets.ts'
import { type LoadedCounters, loadCounters } from './load-counters.ts'
import type {
  Authorization,
  AuthorizationQuery,
  CommittedCustomers,
  Part,
  Participant,
  Postings,
} from './participant.ts'
import { recallBudgets } from './recall-budgets.ts'

/** The budgets of entities. They are compared with their counters. */
export const budgets: Participant = {
  load: async (tx, query) => new BudgetPart(await loadCounters(tx, query), null),
  free: (tx, scope, ended) => changeCounters(tx, scope, ended.flatMap(changesOfEnd)),
  compare: async (reader, query) => {
    const [counters, attributions, postings] = await Promise.all([
      compareCounters(reader, query),
      findOrphanedAttributions(reader, query),
      findWrongPostings(reader, query),
    ])
    return { counters, attributions, postings }
  },
  rebuild: rebuildCounters,
  recall: recallBudgets,
  changesAt: changesOfBudgets,
  blockingHolds: holdsBlockingBudgets,
  explain: explainBudgets,
  stance: stanceOfBudgets,
}

const changesOfEnd = ({ customerKey, amount, attribution }: Reservation): CounterChange[] =>
  (attribution?.postings ?? []).map((posting) => ({
    ...posting,
    customerKey,
    usage: 0n,
    held: -amount,
    setAt: null,
  }))

/** The counters of a batch's customers, by `counterName`. */
class BudgetPart implements Part {
  readonly #loaded: LoadedCounters
  readonly #below: BudgetPart | null
  /**
   * Usage. It is complete for counters that decide something or get a SET and, if there are
   * thresholds, for those of windows in progress. For other counters, it is only the sum of what
   * the batch adds.
   */
  readonly #counters: Overlay<Quantity>
  readonly #setAts: Overlay<Instant>
  readonly #holds: Overlay<Quantity>
  readonly #crossed: Overlay<readonly Threshold[]>
  /** What is added to each counter in total. */
  readonly #changes: Overlay<CounterChange>
  readonly #unattributed: Overlay<UnresolvedKeyCount & { customerKey: Uuid }>
  readonly #crossings: CrossingEvent[] = []
  /** Thresholds that levels had crossed and have fallen below again. */
  readonly #resets: Omit<ThresholdCrossing, 'environmentKey'>[] = []

  constructor(loaded: LoadedCounters, below: BudgetPart | null) {
    this.#loaded = loaded
    this.#below = below
    this.#counters = overlayOn(below === null ? loaded.counters : below.#counters)
    this.#setAts = overlayOn(below === null ? loaded.setAts : below.#setAts)
    this.#holds = overlayOn(below === null ? loaded.holds : below.#holds)
    this.#crossed = overlayOn(below === null ? loaded.crossed : below.#crossed)
    this.#changes = overlayOn(below === null ? NOTHING : below.#changes)
    this.#unattributed = overlayOn(below === null ? NOTHING : below.#unattributed)
  }

  savepoint(): Part {
    return new BudgetPart(this.#loaded, this)
  }

  commit(): void {
    const below = required(this.#below, 'the part below a savepoint')
    commitOverlay(this.#counters, below.#counters)
    commitOverlay(this.#setAts, below.#setAts)
    commitOverlay(this.#holds, below.#holds)
    commitOverlay(this.#crossed, below.#crossed)
    commitOverlay(this.#changes, below.#changes)
    commitOverlay(this.#unattributed, below.#unattributed)
    below.#crossings.push(...this.#crossings)
    below.#resets.push(...this.#resets)
  }

  authorize(query: AuthorizationQuery, before: Authorization): Authorization {
    const { resolution, feature, record, amount } = query
    const isShown = resolution !== null && !isFinal(before.decision)
    const demand = {
      capabilityKey: feature.key,
      currencyId: null,
      transformation: feature.unitTransformation,
      amount,
    }
    const spent = { counters: this.#counters, holds: this.#holds, at: record.occurredAt }
    const paths = isShown ? budgetPaths(resolution, [demand], spent) : NO_PATHS
    const isGranted = query.isHeld ? this.#isWithinHeld(query) : paths.isGranted
    return {
      decision: combine(before.decision, isGranted ? null : BUDGET_EXCEEDED),
      shown: { ...before.shown, chains: paths.chains },
    }
  }

  after({ feature }: AuthorizationQuery, { decision, shown }: Authorization): Authorization {
    const demand = { transformation: feature.unitTransformation }
    const spent = { counters: this.#counters, holds: this.#holds }
    return { decision, shown: { ...shown, chains: pathsAfter(shown.chains ?? [], demand, spent) } }
  }

  post(record: ValidatedRecord, before: Postings): Postings {
    this.#countUnresolved(record)
    const { attribution } = record
    if (attribution === null) return before
    const postings =
      record.setWindow === null
        ? attribution.postings
        : attribution.postings.flatMap((posting) => this.#postingOfSet(record, posting))
    for (const posting of postings) {
      const name = this.#change(record.customerKey, { posting, usage: posting.delta })
      this.#counters.set(name, (this.#counters.get(name) ?? 0n) + posting.delta)
      if (this.#loaded.thresholds.length > 0) this.#cross(record, posting, name)
    }
    return { ...before, attribution: { ...attribution, postings } }
  }

  hold(record: ValidatedRecord, reservation: Reservation): void {
    this.#countUnresolved(record)
    this.#addHold(reservation, reservation.amount)
  }

  free(reservation: Reservation): void {
    this.#addHold(reservation, -reservation.amount)
  }

  report(_: ValidatedRecord, before: ReportResult): ReportResult {
    return before
  }

  /** Crossings are published, so what they depend on is first read again, under the locks. */
  needsLocks(): boolean {
    return this.#crossings.length > 0 || this.#resets.length > 0
  }

  isUsed(): boolean {
    return false
  }

  save(tx: Tx, { app, scope }: { app: App; scope: Scope }): Promise<unknown> {
    const isStillCrossed = ({ threshold, window, ...budget }: ThresholdCrossing) =>
      this.#crossed.get(counterName(budget, window))?.includes(threshold) === true
    const crossings = this.#crossings.flatMap((each) => crossingsOf(scope, each))
    return Promise.all([
      changeCounters(tx, scope, [...this.#changes.changes.values()]),
      addUnattributed(tx, scope, [...this.#unattributed.changes.values()]),
      deleteCrossed(tx, this.#resets),
      saveCrossed(tx, crossings.filter(isStillCrossed), app.clock.now()),
      publishCrossings(tx, { app, scope }, this.#crossings),
    ])
  }

  cache({ cachedOf }: CommittedCustomers): void {
    for (const [name, change] of this.#changes.changes) {
      const cached = cachedOf(change.customerKey).budgets
      const known = cached.get(name)
      if (known !== undefined) cached.put(name, counterAfter(known, change))
    }
    // These are complete, and replace the sums above.
    for (const { customerKey, ...key } of this.#loaded.keys) {
      const name = counterName(key, key.window)
      cachedOf(customerKey).budgets.put(name, this.#counterOf(name))
    }
  }

  #counterOf(name: string): Counter {
    return {
      usage: this.#counters.get(name) ?? 0n,
      held: this.#holds.get(name) ?? 0n,
      setAt: this.#setAts.get(name),
      crossed: this.#loaded.thresholds.length === 0 ? undefined : (this.#crossed.get(name) ?? []),
    }
  }

  /** Returns whether the budgets in which a reservation is held allow an amount beyond it. */
  #isWithinHeld({ record, feature, amount }: AuthorizationQuery): boolean {
    const demand = { amount, transformation: feature.unitTransformation }
    const usageLimits = new Map(
      record.budgets.map(({ assignmentKey, usageLimit }) => [assignmentKey, usageLimit]),
    )
    return (record.attribution?.postings ?? []).every((posting) => {
      const name = counterName(posting, posting.window)
      const spent = (this.#counters.get(name) ?? 0n) + (this.#holds.get(name) ?? 0n)
      return isWithin(usageLimits.get(posting.assignmentKey) ?? null, spent, demand)
    })
  }

  /** Notes what is added to the counter of a posting. Returns the name of the counter. */
  #change(
    customerKey: Uuid,
    { posting, usage = 0n, held = 0n }: { posting: Posting; usage?: Quantity; held?: Quantity },
  ): string {
    const { assignmentKey, revision, window } = posting
    const name = counterName(posting, window)
    const before = this.#changes.get(name) ?? UNCHANGED
    this.#changes.set(name, {
      ...{ customerKey, assignmentKey, revision, window },
      usage: before.usage + usage,
      held: before.held + held,
      setAt: this.#setAts.get(name) ?? null,
    })
    return name
  }

  #addHold({ customerKey, attribution }: Reservation, held: Quantity): void {
    for (const posting of attribution?.postings ?? []) {
      const name = this.#change(customerKey, { posting, held })
      this.#holds.set(name, (this.#holds.get(name) ?? 0n) + held)
    }
  }

  /**
   * Returns the posting that brings a counter to the value of a SET; none if a later SET is known.
   */
  #postingOfSet(record: ValidatedRecord, posting: Posting): Posting[] {
    const { occurredAt, field } = record
    const value = required(record.value, 'the value of a SET')
    const name = counterName(posting, posting.window)
    const counter = { sum: this.#counters.get(name) ?? 0n, setAt: this.#setAts.get(name) ?? null }
    const delta = amountOfSet(counter, { value, occurredAt }, field)
    if (delta === null) return []
    this.#setAts.set(name, occurredAt)
    return [{ ...posting, delta }]
  }

  #cross(record: ValidatedRecord, posting: Posting, name: string): void {
    const crossed = crossThresholds(record, posting, {
      thresholds: this.#loaded.thresholds,
      usage: required(this.#counters.get(name), 'the counter of a posting'),
      crossed: this.#crossed.get(name) ?? [],
    })
    if (crossed === null) return
    const { uncrossed, event } = crossed
    if (uncrossed.length === 0 && event === null) return
    this.#crossed.set(name, crossed.left)
    const { customerKey } = record
    this.#resets.push(...uncrossed.map((threshold) => ({ ...posting, customerKey, threshold })))
    if (event !== null) this.#crossings.push(event)
  }

  /** Counts the attribution keys that name no entity. */
  #countUnresolved({ unresolved, customerKey, acceptedAt }: ValidatedRecord): void {
    for (const key of unresolved) {
      const name = `${customerKey} ${key}`
      const records = (this.#unattributed.get(name)?.records ?? 0) + 1
      this.#unattributed.set(name, { customerKey, key, records, lastAt: acceptedAt })
    }
  }
}

const NOTHING = new Map<string, never>()
const NO_PATHS = { chains: [], isGranted: true }
const UNCHANGED = { usage: 0n, held: 0n }

const counterAfter = (known: Counter, { usage, held, setAt }: CounterChange): Counter => ({
  usage: known.usage + usage,
  held: known.held + held,
  setAt: setAt ?? known.setAt,
  crossed: known.crossed,
})
