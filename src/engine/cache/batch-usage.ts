import { type CounterKey, counterName } from '../../budgets/index.ts'
import type { CustomerVersion } from '../../customers/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { NO_VERSION, type Uuid } from '../../kernel/ids.ts'
import type { CustomerMeterSubject, WindowTotal } from '../../metering/index.ts'
import {
  type Counter,
  type CustomerState,
  putCounter,
  putTotals,
  totalsName,
} from './customer-state.ts'
import type { EngineMemory } from './memory.ts'
import type { EnvironmentVersions } from './versions.ts'

/** The cached usage of the customers of a batch, at the versions of its basis. */
export type BatchUsage = {
  /**
   * Returns the totals of a subject whose windows end after `from`, and perhaps earlier ones.
   * Returns undefined if they are not cached.
   */
  totalsOf(subject: CustomerMeterSubject, from: Instant): readonly WindowTotal[] | undefined
  /** Returns undefined if the counter is not cached. */
  counterOf(key: CounterKey): Counter | undefined
  /** Drops the cached usage of a customer that this transaction has changed by other statements. */
  drop(customerKey: Uuid): void
  /** Call it after COMMIT. Caches the usage after the batch, with its new versions. */
  update(after: UsageAfter): void
}

/** What a batch knows of its customers' usage when it has been committed. */
export type UsageAfter = {
  /** Totals that were read or changed: those whose windows end after `from`. */
  totals: readonly (CustomerMeterSubject & { from: Instant; totals: readonly WindowTotal[] })[]
  /** Counters that were read or changed, by `counterName`. */
  counters: ReadonlyMap<string, CounterAfter>
  /** Customers whose open reservations have changed. */
  reserving: ReadonlySet<Uuid>
}

/** A counter after a batch: its values, or only what the batch added to them. */
export type CounterAfter = { customerKey: Uuid } & (
  | { kind: 'whole'; counter: Counter }
  | { kind: 'added'; added: Omit<Counter, 'crossed'> }
)

/** If more totals of a subject than this are cached, those of windows that are over are dropped. */
const MAX_WINDOWS = 12

/** What a batch knows beside the versions of its customers. */
export type BatchSurroundings = {
  environment: EnvironmentVersions
  archived: ReadonlySet<Uuid>
  /** When the versions were current at the earliest, on the monotonic clock. */
  at: number
}

/** Returns the cached usage of customers. `versions` are those of the basis of the batch. */
export function usageOfBatch(
  { customers: cache, batches }: Pick<EngineMemory, 'customers' | 'batches'>,
  versions: ReadonlyMap<Uuid, CustomerVersion>,
  { environment, archived, at: seenAt }: BatchSurroundings,
): BatchUsage {
  const { environmentVersion } = environment
  const at = (customerKey: Uuid, usageVersion: Uuid): CustomerState => {
    const { version: structureVersion } = versionOf(customerKey)
    return cache.at(customerKey, { structureVersion, environmentVersion, usageVersion })
  }
  const versionOf = (customerKey: Uuid): CustomerVersion =>
    required(versions.get(customerKey), 'the version of a customer of a batch')
  const states = new Map<Uuid, CustomerState>()
  for (const [customerKey, { replacedUsageVersion }] of versions)
    states.set(customerKey, at(customerKey, replacedUsageVersion ?? NO_VERSION))
  const stateOf = (customerKey: Uuid): CustomerState =>
    required(states.get(customerKey), 'the state of a customer of a batch')
  const missed = new Set<Uuid>()
  /** The instants from which the totals that were found are complete, by `subjectName`. */
  const foundFrom = new Map<string, Instant>()
  return {
    totalsOf: (subject, from) => {
      const known = stateOf(subject.customerKey).usage.totals.get(totalsName(subject))
      if (known !== undefined && known.from <= from) {
        foundFrom.set(subjectName(subject), known.from)
        return known.totals
      }
      missed.add(subject.customerKey)
      return undefined
    },
    counterOf: (key) => {
      const known = stateOf(key.customerKey).usage.counters.get(counterName(key, key.window))
      if (known === undefined) missed.add(key.customerKey)
      return known
    },
    drop: (customerKey) => {
      states.set(customerKey, at(customerKey, versionOf(customerKey).usageVersion))
    },
    update: (after) => {
      batches.hits += versions.size - missed.size
      batches.misses += missed.size
      const next = new Map<Uuid, CustomerState>()
      for (const [customerKey, { version, usageVersion, now, closedUntil }] of versions) {
        const state = cache.next(stateOf(customerKey), usageVersion)
        const own = { structureVersion: version, usageVersion, decidedAt: now, archivedAt: null }
        const isArchived = archived.has(customerKey)
        const seen = { versions: { ...environment, ...own }, at: seenAt }
        state.usage.seen = isArchived ? null : seen
        state.usage.closedUntil = isArchived ? null : closedUntil
        next.set(customerKey, state)
      }
      const nextOf = (customerKey: Uuid): CustomerState =>
        required(next.get(customerKey), 'the state of a customer of a batch')
      for (const { from: needed, totals, ...subject } of after.totals) {
        // Otherwise a record that is older than those of this batch would find nothing.
        const from = foundFrom.get(subjectName(subject)) ?? needed
        putTotals(
          nextOf(subject.customerKey),
          totalsName(subject),
          withoutPast({ from, totals }, versionOf(subject.customerKey).now),
        )
      }
      for (const [name, counter] of after.counters)
        changeCounter(nextOf(counter.customerKey), name, counter)
      for (const customerKey of after.reserving) nextOf(customerKey).usage.openHolds = null
      for (const [customerKey, state] of next) cache.keep(customerKey, state)
    },
  }
}

const subjectName = (subject: CustomerMeterSubject): string =>
  `${subject.customerKey} ${totalsName(subject)}`

const withoutPast = (
  { from, totals }: { from: Instant; totals: readonly WindowTotal[] },
  now: Instant,
) =>
  totals.length <= MAX_WINDOWS
    ? { from, totals }
    : { from: Math.max(from, now), totals: totals.filter(({ window }) => window.end > now) }

function changeCounter(state: CustomerState, name: string, after: CounterAfter): void {
  if (after.kind === 'whole') {
    putCounter(state, name, after.counter)
    return
  }
  const known = state.usage.counters.get(name)
  if (known === undefined) return
  const { usage, held, setAt } = after.added
  putCounter(state, name, {
    usage: known.usage + usage,
    held: known.held + held,
    setAt: setAt ?? known.setAt,
    crossed: known.crossed,
  })
}
