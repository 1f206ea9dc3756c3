import type { App } from '../../app.ts'
import { type Database, type Epochs, perEpoch } from '../../db/index.ts'
import type { EntitlementReads, ReadGiven } from '../../entitlements/index.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { type SharedRead, shareReads } from '../../kernel/shared-reads.ts'
import { type Cache, createCache } from './cache.ts'
import { cacheGiven } from './cache-given.ts'
import { createStateCache, type StateCache, type StateCacheCounts } from './customer-state.ts'
import { createEnvironmentStates, type EnvironmentStates } from './environment-state.ts'
import { type CustomerInEnvironment, readVersions, type Versions } from './versions.ts'

/** The maximum number of cached keys of customers. They take about 20 MB. */
const KEYS = 100_000
/** The maximum number of customers whose versions one statement reads. */
const CUSTOMERS_PER_READ = 1000

/** Everything that a server caches of one database. */
export type EngineMemory = {
  /** Keys of customers by environment and id. An id never gets another key. */
  readonly keys: Cache<Uuid>
  readonly customers: StateCache
  readonly environments: EnvironmentStates
  /** Returns what versions of packages give. */
  readonly readGiven: ReadGiven
  /** Loads in progress, by the customer and what is loaded. */
  readonly loads: Map<string, Promise<unknown>>
  /** Number of checks that were decided from memory, and of checks that read parts of a state. */
  readonly checks: { hits: number; misses: number }
  /** Number of customers in batches whose usage was cached, and of those with parts to read. */
  readonly batches: { hits: number; misses: number }
  /** Number of batches written from memory, of those that locked first, and of stale states. */
  readonly commits: { atOnce: number; locked: number; stale: number }
}

/** Figures of one database's cache for `/metrics`. */
export type EngineCounts = StateCacheCounts &
  Pick<EngineMemory, 'checks' | 'batches' | 'commits'> & {
    versionReads: number
    versionQueries: number
  }

/** What checks and batches use besides the app: entitlements, caches and shared reads. */
export type EngineContext = {
  readonly entitlements: EntitlementReads
  /**
   * Returns what is cached of the database to which the sessions lead now. After a fail-over
   * nothing is cached.
   */
  memoryOf(app: AppWithDatabase): EngineMemory
  /** Reads the versions of a customer; null if it does not exist. */
  versionsOf(db: Database): SharedRead<CustomerInEnvironment, Versions | null>
  counts(app: AppWithDatabase): EngineCounts
}

type AppWithDatabase = Pick<App, 'db' | 'config'>
type VersionReads = {
  read: SharedRead<CustomerInEnvironment, Versions | null>
  versionReads: number
  versionQueries: number
}

export function createEngineContext(entitlements: EntitlementReads): EngineContext {
  const ofEpoch = perEpoch(newMemory)
  const memoryOf = ({ db, config }: AppWithDatabase) =>
    ofEpoch({ epochs: db.epochs, stateCacheBytes: config.stateCacheBytes })
  const reads = new WeakMap<Database, VersionReads>()
  const readsOf = (db: Database): VersionReads => {
    const known = reads.get(db)
    if (known !== undefined) return known
    const own = versionReadsOf(db)
    reads.set(db, own)
    return own
  }
  return {
    entitlements,
    memoryOf,
    versionsOf: (db) => readsOf(db).read,
    counts: (app) => {
      const { versionReads, versionQueries } = readsOf(app.db)
      const { checks, batches, commits, customers } = memoryOf(app)
      return { ...customers.counts(), checks, batches, commits, versionReads, versionQueries }
    },
  }
}

const newMemory = (of: { epochs: Epochs; stateCacheBytes: number }): EngineMemory => ({
  keys: createCache(KEYS),
  customers: createStateCache(of.stateCacheBytes),
  environments: createEnvironmentStates(),
  readGiven: cacheGiven(),
  loads: new Map(),
  checks: { hits: 0, misses: 0 },
  batches: { hits: 0, misses: 0 },
  commits: { atOnce: 0, locked: 0, stale: 0 },
})

function versionReadsOf(db: Database): VersionReads {
  const reads: VersionReads = {
    versionReads: 0,
    versionQueries: 0,
    read: shareReads((customers) => readVersions(db.read, customers), {
      nameOf: ({ customerKey }) => customerKey,
      most: CUSTOMERS_PER_READ,
      onRead: (queries) => {
        reads.versionReads += 1
        reads.versionQueries += queries
      },
    }),
  }
  return reads
}
