import { LRUCache } from 'lru-cache'
import type { Resolution } from '../../budgets/index.ts'
import type { EffectiveEntitlementOf } from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { WindowTotal } from '../../metering/index.ts'
import type { Hold } from '../../metering/reservations/index.ts'
import type { Versions } from './versions.ts'

/** What is counted of a budget in a window. */
export type Counter = { usage: Quantity; held: Quantity }

/** What a reservation holds, and until when. */
export type OpenHold = Hold & { expiresAt: Instant }

/** Open reservations in the order in which they expire. */
export type OpenHolds = {
  holds: readonly OpenHold[]
  /** Whether there are no others; else nothing is known from the end of the last one on. */
  isComplete: boolean
}

/** What changes only with the structure of a customer or of its environment. */
type Structure = Pick<Versions, 'structureVersion' | 'environmentVersion'> & {
  /** Keys of resources by id. */
  readonly resources: Map<string, Uuid>
  /** Whether there is an active subscription, by the key of a resource. */
  readonly subscriptions: Map<Uuid, boolean>
  /** By feature and resource. Valid from when they were read. */
  readonly entitlements: Map<string, { from: Instant; entitlement: EffectiveEntitlementOf }>
  /** By dimensions and capability. */
  readonly resolutions: Map<string, Resolution>
  bytes: number
}

/** What changes with every use. */
type Usage = Pick<Versions, 'usageVersion'> & {
  /** By feature and resource: the totals whose windows end after `from`. */
  readonly totals: Map<string, { from: Instant; totals: readonly WindowTotal[] }>
  /** By `counterName`. A counter that is not stored is 0. */
  readonly counters: Map<string, Counter>
  /** null: not read yet. */
  openHolds: OpenHolds | null
  bytes: number
}

/**
 * What a server has in memory of a customer. Parts are read when they are needed first. All of them
 * are of one structure version and one usage version.
 */
export type CustomerState = { readonly structure: Structure; readonly usage: Usage }

/** An empty half, in bytes. */
const EMPTY_BYTES = 800

const newStructure = ({ structureVersion, environmentVersion }: Versions): Structure => ({
  structureVersion,
  environmentVersion,
  resources: new Map(),
  subscriptions: new Map(),
  entitlements: new Map(),
  resolutions: new Map(),
  bytes: EMPTY_BYTES,
})

const newUsage = ({ usageVersion }: Versions): Usage => ({
  usageVersion,
  totals: new Map(),
  counters: new Map(),
  openHolds: null,
  bytes: EMPTY_BYTES,
})

export type StateCacheCounts = { customers: number; bytes: number; evictions: number }

export type StateCache = {
  /** Returns the state of a customer with these versions, without any part if there is none. */
  at(customerKey: Uuid, versions: Versions): CustomerState
  /** Whether there is a state of the customer, of any versions. */
  has(customerKey: Uuid): boolean
  /** Keeps a state to which parts were added. */
  keep(customerKey: Uuid, state: CustomerState): void
  counts(): StateCacheCounts
}

/** The largest part of the cache that one customer may take, so that others keep theirs. */
const LARGEST_PART = 0.25

/** The states that were used last, up to so many bytes in all. 0 keeps none. */
export function createStateCache(maxBytes: number): StateCache {
  let evictions = 0
  const states = new LRUCache<Uuid, CustomerState>({
    maxSize: Math.max(1, maxBytes),
    maxEntrySize: Math.max(1, maxBytes * LARGEST_PART),
    sizeCalculation: ({ structure, usage }) => structure.bytes + usage.bytes,
    dispose: (_state, _key, reason) => {
      if (reason === 'evict') evictions += 1
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
      return { structure, usage: newUsage(versions) }
    },
    has: (customerKey) => states.has(customerKey),
    keep: (customerKey, state) => {
      states.set(customerKey, state)
    },
    counts: () => ({ customers: states.size, bytes: states.calculatedSize, evictions }),
  }
}
