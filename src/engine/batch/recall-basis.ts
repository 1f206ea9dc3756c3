import type { Threshold } from '../../budgets/index.ts'
import type { CustomerVersion } from '../../customers/index.ts'
import { createCache } from '../../kernel/cache.ts'
import type { Instant } from '../../kernel/clock.ts'
import { newVersion, type Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { machine } from '../../kernel/watched-clock.ts'
import type { DedupKeyOf } from '../../metering/dedup/index.ts'
import type { EnvironmentVersions, StateCache } from '../cache/index.ts'
import { dedupName, type LoadedState } from '../state/index.ts'
import type { Batch, BatchBasis } from './basis.ts'

/** The maximum number of environments whose basis is in memory. */
const ENVIRONMENTS = 10_000
/** The maximum number of customers that are noted because other servers write for them, too. */
const CONTENDED = 10_000
/** The maximum number of recent deduplication keys in memory. They take about 3 MB. */
const RECENT_KEYS = 20_000
/** How many batches of a customer take the locks first after its state was stale twice in a row. */
const LOCKING_TURNS = 10

/** What a server has learnt from the latest batches of one database. */
export type BatchRecall = {
  /**
   * Returns the basis of a batch from memory. Null if a part of it is not in memory, or if the
   * batch should lock its customers first because other servers write for them, too.
   */
  basisOf(batch: Batch, now: Instant): BatchBasis | null
  /**
   * Returns whether memory has what a batch of these customers depends on. What its requests
   * depend on besides that is not examined.
   */
  knows(scope: Scope, customerKeys: readonly Uuid[]): boolean
  /** Returns whether one of these deduplication keys was stored or found a short time ago. */
  hasRepetition(keys: readonly DedupKeyOf[]): boolean
  /**
   * Stores the basis of a committed batch, and the deduplication keys that it has stored or found.
   * `atOnce`: the basis came from memory.
   */
  noteCommitted(
    batch: Batch,
    committed: { basis: BatchBasis; loaded: BatchKeys; atOnce: boolean },
  ): void
  /** Notes that a basis from memory differed from the database. */
  noteStale(batch: Batch): void
}

type BatchKeys = Pick<LoadedState, 'state' | 'foundKeys'>
type KnownEnvironment = EnvironmentVersions & { thresholds: readonly Threshold[] }

/**
 * Each request with an `Idempotency-Key` creates a recall of its own, so its caches must cost
 * nothing while they are empty.
 */
export function createBatchRecall(customers: StateCache): BatchRecall {
  const environments = createCache<Uuid, KnownEnvironment>({ max: ENVIRONMENTS, grows: true })
  /** How many of the next batches lock first, by customer. Only customers whose state was stale. */
  const contended = createCache<Uuid, number>({ max: CONTENDED, grows: true })
  const recentKeys = createCache<string, true>({ max: RECENT_KEYS, grows: true })
  /** Returns the usage of a customer in memory. Null if a batch cannot be decided on it. */
  const usageOf = (customerKey: Uuid, { environmentVersion }: EnvironmentVersions) => {
    if ((contended.peek(customerKey) ?? 0) > 0) return null
    const state = customers.peek(customerKey)
    if (state === undefined || state.structure.environmentVersion !== environmentVersion)
      return null
    const { usageVersion, seen, closedUntil } = state.usage
    return seen && closedUntil !== null ? { usageVersion, seen, closedUntil } : null
  }
  return {
    knows: ({ environmentKey }, customerKeys) => {
      const environment = environments.peek(environmentKey)
      if (environment === undefined) return false
      return customerKeys.every((customerKey) => usageOf(customerKey, environment) !== null)
    },
    basisOf: ({ scope, requests, customerKeys }, now) => {
      // Steps of reservations depend on rows that are not in memory.
      if (requests.some(({ kind }) => kind === 'reservation')) return null
      const environment = environments.get(scope.environmentKey)
      if (environment === undefined) return null
      const versions = new Map<Uuid, CustomerVersion>()
      const usageVersion = newVersion()
      for (const customerKey of customerKeys) {
        const usage = usageOf(customerKey, environment)
        if (usage === null) return null
        const { structureVersion: version, decidedAt } = usage.seen.versions
        versions.set(customerKey, {
          version,
          usageVersion,
          replacedUsageVersion: usage.usageVersion,
          sequence: usage.seen.versions.sequence + 1,
          now: Math.max(now, decidedAt),
          closedUntil: usage.closedUntil,
        })
      }
      return {
        now,
        at: machine.monotonic(),
        versions,
        environment,
        archived: new Set(),
        thresholds: environment.thresholds,
        reservations: [],
        expired: new Set(),
        earlier: { decisions: new Map(), records: new Map(), isComplete: true },
      }
    },
    hasRepetition: (keys) => keys.some((key) => recentKeys.peek(dedupName(key)) === true),
    noteCommitted: ({ scope, customerKeys }, { basis, loaded, atOnce }) => {
      const { environment, thresholds } = basis
      if (!atOnce) environments.set(scope.environmentKey, { ...environment, thresholds })
      for (const name of keysOf(loaded)) recentKeys.set(name, true)
      for (const customerKey of customerKeys) {
        const turns = contended.peek(customerKey)
        if (turns === undefined) continue
        if (atOnce) contended.delete(customerKey)
        else contended.set(customerKey, Math.max(0, turns - 1))
      }
    },
    noteStale: ({ customerKeys }) => {
      for (const customerKey of customerKeys)
        contended.set(customerKey, contended.peek(customerKey) === undefined ? 0 : LOCKING_TURNS)
    },
  }
}

/** The names of the deduplication keys that a batch has stored or found. */
const keysOf = ({ state: { decisionEntries, dedupEntries }, foundKeys }: BatchKeys): string[] => [
  ...foundKeys,
  ...decisionEntries.changes.keys(),
  ...dedupEntries.changes.keys(),
]
