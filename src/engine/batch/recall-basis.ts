import type { CustomerVersion } from '../../customers/index.ts'
import { createCache } from '../../kernel/cache.ts'
import type { Instant } from '../../kernel/clock.ts'
import { newVersion, type Uuid } from '../../kernel/ids.ts'
import type { CustomerState, StateCache } from '../cache/index.ts'
import type { State } from '../state/index.ts'
import type { Batch, BatchBasis, EnvironmentBasis } from './basis.ts'

/** Environments of which it is known what their batches depend on. */
const ENVIRONMENTS = 10_000
/** Customers of whom it is known that other servers write for them, too. */
const CONTENDED = 10_000
/** Deduplication keys of the last uses: about 3 MB. */
const RECENT_KEYS = 20_000
/** How many batches of a customer take the locks first when its state was stale twice in a row. */
const LOCKING_TURNS = 10

/** What a server knows from its last batches on one database. */
export type BatchRecall = {
  /**
   * Returns the basis of a batch from memory. Null if a part of it is not known, or if the batch
   * had better lock its customers first.
   */
  basisOf(batch: Batch, now: Instant): BatchBasis | null
  /** Returns whether a request of a decided batch repeats one of a short time ago. */
  hasRepetition(state: State): boolean
  /** Notes what a committed batch depended on and stored. `atOnce`: its basis was recalled. */
  keep(batch: Batch, committed: { basis: BatchBasis; state: State; atOnce: boolean }): void
  /** Notes that a recalled basis was not that of the database. */
  noteStale(batch: Batch): void
}

type KnownEnvironment = EnvironmentBasis & { hasThresholds: boolean }

export function createBatchRecall(customers: StateCache): BatchRecall {
  const environments = createCache<Uuid, KnownEnvironment>({ max: ENVIRONMENTS })
  /** Customers whose state was stale, and how many of their batches lock first from now on. */
  const contended = createCache<Uuid, number>({ max: CONTENDED })
  const recentKeys = createCache<string, true>({ max: RECENT_KEYS })
  return {
    basisOf: ({ scope, requests, customerKeys }, now) => {
      // Steps of reservations depend on rows that are not in memory.
      if (requests.some(({ kind }) => kind === 'reservation')) return null
      const environment = environments.get(scope.environmentKey)
      if (environment === undefined || environment.hasThresholds) return null
      if (customerKeys.some((customerKey) => (contended.peek(customerKey) ?? 0) > 0)) return null
      const versions = new Map<Uuid, CustomerVersion>()
      const at = { environment, now, usageVersion: newVersion() }
      for (const customerKey of customerKeys) {
        const version = versionFrom(customers.peek(customerKey), at)
        if (version === null) return null
        versions.set(customerKey, version)
      }
      return {
        now,
        versions,
        environment,
        archived: new Set(),
        thresholds: [],
        reservations: [],
        expired: new Set(),
        earlier: { decisions: new Map(), records: new Map(), isComplete: true },
      }
    },
    hasRepetition: (state) => keysOf(state).some((name) => recentKeys.peek(name) === true),
    keep: ({ scope, customerKeys }, { basis, state, atOnce }) => {
      const hasThresholds = basis.thresholds.length > 0
      environments.set(scope.environmentKey, { ...basis.environment, hasThresholds })
      for (const name of keysOf(state)) recentKeys.set(name, true)
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

/** Returns the versions that a batch expects of a customer and will leave; null if not known. */
function versionFrom(
  state: CustomerState | undefined,
  at: { environment: EnvironmentBasis; now: Instant; usageVersion: Uuid },
): CustomerVersion | null {
  if (state === undefined || state.usage.head === null) return null
  const { structure, usage } = state
  if (structure.environmentVersion !== at.environment.environmentVersion) return null
  return {
    version: structure.structureVersion,
    usageVersion: at.usageVersion,
    replacedUsageVersion: usage.usageVersion,
    now: Math.max(at.now, state.usage.head.now),
    closedUntil: state.usage.head.closedUntil,
  }
}

/** The deduplication keys that a batch is about to store. */
const keysOf = ({ decisionEntries, dedupEntries }: State): string[] => [
  ...decisionEntries.changes.keys(),
  ...dedupEntries.changes.keys(),
]
