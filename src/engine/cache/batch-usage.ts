import type { CustomerVersion } from '../../customers/index.ts'
import { required } from '../../kernel/assert.ts'
import { NO_VERSION, type Uuid } from '../../kernel/ids.ts'
import type { Sequences } from '../../kernel/sequences.ts'
import type { CommittedCustomers, UsageCache } from '../participants/index.ts'
import { type CustomerState, sequencesOf } from './customer-state.ts'
import type { EngineMemory } from './memory.ts'
import type { EnvironmentVersions } from './versions.ts'

/** The cached usage of the customers of a batch, at the versions of its basis. */
export type BatchUsage = UsageCache & {
  /** Drops the cached usage of a customer that this transaction has changed by other statements. */
  drop(customerKey: Uuid): void
  /**
   * Call it after COMMIT. Caches the usage after the batch, with its new versions. Returns the
   * sequences of each customer after the batch.
   */
  update(after: UsageAfter): ReadonlyMap<Uuid, Sequences>
}

/** What a batch knows of its customers' usage when it has been committed. */
export type UsageAfter = {
  /** Adds what participants know. */
  cache(customers: CommittedCustomers): void
  /** Customers whose open reservations have changed. */
  reserving: ReadonlySet<Uuid>
}

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
  return {
    cachedOf: (customerKey) => stateOf(customerKey).usage.cached,
    noteMiss: (customerKey) => {
      missed.add(customerKey)
    },
    drop: (customerKey) => {
      states.set(customerKey, at(customerKey, versionOf(customerKey).usageVersion))
    },
    update: (after) => {
      batches.hits += versions.size - missed.size
      batches.misses += missed.size
      const next = new Map<Uuid, CustomerState>()
      const sequences = new Map<Uuid, Sequences>()
      for (const [customerKey, { version, now, closedUntil, ...made }] of versions) {
        const { usageVersion, sequence } = made
        const state = cache.next(stateOf(customerKey), usageVersion)
        const seenNow = { structureVersion: version, usageVersion, sequence, decidedAt: now }
        const own = { ...environment, ...seenNow, archivedAt: null }
        const isArchived = archived.has(customerKey)
        const seen = { versions: own, at: seenAt }
        state.usage.seen = isArchived ? null : seen
        state.usage.closedUntil = isArchived ? null : closedUntil
        next.set(customerKey, state)
        sequences.set(customerKey, sequencesOf(state, own))
      }
      const nextOf = (customerKey: Uuid): CustomerState =>
        required(next.get(customerKey), 'the state of a customer of a batch')
      after.cache({
        cachedOf: (customerKey) => nextOf(customerKey).usage.cached,
        nowOf: (customerKey) => versionOf(customerKey).now,
      })
      for (const customerKey of after.reserving) nextOf(customerKey).usage.openHolds = null
      for (const [customerKey, state] of next) cache.put(customerKey, state)
      return sequences
    },
  }
}
