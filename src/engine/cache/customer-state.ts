import type { Resolution, UnresolvedKeyCount } from '../../budgets/index.ts'
import type { EffectiveEntitlementOf, EntitledFeature, Holding } from '../../entitlements/index.ts'
import { createCache } from '../../kernel/cache.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Sequences } from '../../kernel/sequences.ts'
import { type CachedUsage, cachedBytes, newCachedUsage } from '../participants/index.ts'
import type { OpenHold } from '../types.ts'
import type { Versions } from './versions.ts'

/** Open reservations in the order in which they expire. */
export type OpenHolds = {
  holds: readonly OpenHold[]
  /**
   * Whether these are all open reservations. If not, the missing ones expire no earlier than the
   * last of these.
   */
  isComplete: boolean
}

/**
 * A part that was read as of the instant `from`. It is used from then until time changes the
 * customer's subscriptions (`until`, exclusive; null: never).
 */
export type AsOf<T> = { value: T; from: Instant; until: Instant | null }

/** Parts that change only with the structure of the customer or of its environment. */
type Structure = Pick<Versions, 'structureVersion' | 'environmentVersion'> & {
  /** Keys of resources by id. */
  readonly resources: Map<string, Uuid>
  /** What the customer holds. null: not read yet. */
  holding: AsOf<Holding> | null
  /** By feature and resource. */
  readonly entitlements: Map<string, AsOf<EffectiveEntitlementOf>>
  /** The features that sources give or revoke, by the key of a resource. */
  readonly entitled: Map<Uuid, AsOf<readonly EntitledFeature[]>>
  /** By dimensions and capabilities. */
  readonly resolutions: Map<string, Resolution>
  bytes: number
}

/**
 * The versions of a state, as this server has last read or written them. `at` is from before that,
 * on the monotonic clock, in milliseconds.
 */
export type SeenVersions = { versions: Versions; at: number }

/** Parts that change whenever usage is counted or held. */
type Usage = Pick<Versions, 'usageVersion'> & {
  /** null: not known. */
  seen: SeenVersions | null
  /** Those of `seen`, as the same object as long as they stay the same. null: not needed yet. */
  sequences: Sequences | null
  /** Counters of windows that ended by then may have been purged; null: not known. */
  closedUntil: Instant | null
  /** What participants have cached. */
  readonly cached: CachedUsage
  /** null: not read yet. */
  openHolds: OpenHolds | null
  /** The dimensions of records that named no entity. null: not read yet. */
  unattributed: readonly UnresolvedKeyCount[] | null
  /** How many reads of parts are in progress. */
  reads: number
}

/**
 * The cached state of a customer. Each part is read when it is first needed. All parts of
 * `structure` were read at the same structure version and environment version, and all parts of
 * `usage` at the same usage version.
 */
export type CustomerState = { readonly structure: Structure; readonly usage: Usage }

/** The versions at which a state was read. */
export type StateKey = Pick<Versions, 'structureVersion' | 'environmentVersion' | 'usageVersion'>

/** Approximate memory of parts, in bytes. */
export const PART_BYTES = 300

/** Approximate memory of a source without its enum values, and of each of these, in bytes. */
const SOURCE_BYTES = 700
const VALUE_BYTES = 100

/** Returns the approximate memory of an entitlement, in bytes. */
export const entitlementBytes = ({ sources }: EffectiveEntitlementOf): number =>
  sources.reduce(
    (sum, { allowance }) => sum + SOURCE_BYTES + VALUE_BYTES * (allowance?.enumValues.length ?? 0),
    PART_BYTES,
  )

/** Returns the sequences of the versions with which the state was last seen. */
export function sequencesOf({ usage }: CustomerState, versions: Versions): Sequences {
  const { sequence: customer, environmentSequence: environment } = versions
  const { sequences: known } = usage
  if (known?.customer === customer && known.environment === environment) return known
  usage.sequences = { customer, environment }
  return usage.sequences
}

/** The memory of an empty `structure` or `usage`, in bytes. */
const EMPTY_BYTES = 800

const newStructure = ({ structureVersion, environmentVersion }: StateKey): Structure => ({
  structureVersion,
  environmentVersion,
  resources: new Map(),
  holding: null,
  entitlements: new Map(),
  entitled: new Map(),
  resolutions: new Map(),
  bytes: EMPTY_BYTES,
})

const newUsage = (usageVersion: Uuid): Usage => ({
  usageVersion,
  seen: null,
  sequences: null,
  closedUntil: null,
  cached: newCachedUsage(),
  openHolds: null,
  unattributed: null,
  reads: 0,
})

export type StateCacheCounts = { customers: number; bytes: number; evictions: number }

export type StateCache = {
  /** Returns the state of a customer with these versions, or an empty state. */
  at(customerKey: Uuid, versions: StateKey): CustomerState
  /**
   * Returns a state with the parts of another one and a new usage version. Usage is moved: the
   * other state has none afterwards. But if parts of the other state are being read, it keeps its
   * usage, and the new state begins without usage.
   */
  next(state: CustomerState, usageVersion: Uuid): CustomerState
  /** Returns the state of a customer, whatever its versions are. */
  peek(customerKey: Uuid): CustomerState | undefined
  /**
   * Stores a state. Call it after each addition of parts. A state of before the stored one is not
   * stored: a slow read could otherwise undo what a batch has cached meanwhile.
   */
  put(customerKey: Uuid, state: CustomerState): void
  counts(): StateCacheCounts
}

/**
 * The largest fraction of the cache's bytes that one customer may occupy, so that other customers
 * stay cached.
 */
const LARGEST_PART = 0.25

/** The memory of an open reservation, and of a dimension that named no entity, in bytes. */
const HOLD_BYTES = 500
const UNATTRIBUTED_BYTES = 300

const usageBytes = ({ cached, openHolds, unattributed }: Usage): number =>
  EMPTY_BYTES +
  cachedBytes(cached) +
  (openHolds?.holds.length ?? 0) * HOLD_BYTES +
  (unattributed?.length ?? 0) * UNATTRIBUTED_BYTES

const sequenceOf = ({ usage }: CustomerState): number | null =>
  usage.seen?.versions.sequence ?? null

function isBefore(state: CustomerState, other: CustomerState): boolean {
  const [own, others] = [sequenceOf(state), sequenceOf(other)]
  return own !== null && others !== null && own < others
}

/** Caches the most recently used states, up to `maxBytes` in total. With 0 nothing is cached. */
export function createStateCache(maxBytes: number): StateCache {
  let evictions = 0
  const states = createCache<Uuid, CustomerState>({
    maxBytes: Math.max(1, maxBytes),
    maxEntryBytes: Math.max(1, maxBytes * LARGEST_PART),
    bytesOf: ({ structure, usage }) => structure.bytes + usageBytes(usage),
    onDrop: () => {
      evictions += 1
    },
  })
  return {
    at: (customerKey, versions) => {
      const known = states.get(customerKey)
      const isSameStructure =
        known?.structure.structureVersion === versions.structureVersion &&
        known.structure.environmentVersion === versions.environmentVersion
      if (isSameStructure && known.usage.usageVersion === versions.usageVersion) return known
      const structure = isSameStructure ? known.structure : newStructure(versions)
      return { structure, usage: newUsage(versions.usageVersion) }
    },
    next: ({ structure, usage }, usageVersion) => {
      if (usage.reads > 0) return { structure, usage: newUsage(usageVersion) }
      const next = { ...usage, usageVersion, unattributed: null }
      Object.assign(usage, newUsage(usage.usageVersion))
      return { structure, usage: next }
    },
    peek: states.peek,
    put: (customerKey, state) => {
      const known = states.peek(customerKey)
      if (known === undefined || known === state || !isBefore(state, known))
        states.set(customerKey, state)
    },
    counts: () => ({ customers: states.counts().size, bytes: states.bytes(), evictions }),
  }
}
