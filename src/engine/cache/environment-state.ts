import { type Currency, findCurrencies } from '../../catalog/currencies/index.ts'
import { type BareFeature, findFeatures } from '../../catalog/features/index.ts'
import type { Reader } from '../../db/index.ts'
import { findAttributionKeys } from '../../entities/index.ts'
import { type Cache, createCache } from '../../kernel/cache.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Versions } from './versions.ts'

/** The maximum number of cached environments. Each takes a kilobyte or two. */
const ENVIRONMENTS = 1000
/**
 * The bytes of all cached features and currencies. Features get one half, currencies the other. A
 * single feature or currency may take a quarter of its half.
 */
const CAPABILITY_BYTES = 16 * 1_048_576
/** A feature or currency in memory takes so many bytes, and so many per character of its JSON. */
const ENTRY_BYTES = 500
const BYTES_PER_CHARACTER = 2

/** The cached state of what all customers of an environment share. */
export type EnvironmentState = {
  readonly catalogVersion: Uuid
  /** The features of all environments, by `nameOf`. */
  readonly features: Cache<string, BareFeature>
  readonly currencies: Cache<string, Currency>
  readonly entityTypes: {
    readonly version: Uuid
    /** The dimensions that can name an entity; null: not read yet. */
    attributionKeys: ReadonlySet<string> | null
  }
}

export type EnvironmentStates = {
  /** Returns the state of an environment with these versions, or an empty state. */
  at(scope: Scope, versions: Versions): EnvironmentState
}

const newCapabilities = <V extends {}>(): Cache<string, V> =>
  createCache({
    maxBytes: CAPABILITY_BYTES / 2,
    maxEntryBytes: CAPABILITY_BYTES / 8,
    bytesOf: (capability) => ENTRY_BYTES + BYTES_PER_CHARACTER * JSON.stringify(capability).length,
  })

export function createEnvironmentStates(): EnvironmentStates {
  const states = createCache<Uuid, EnvironmentState>({ max: ENVIRONMENTS })
  const features = newCapabilities<BareFeature>()
  const currencies = newCapabilities<Currency>()
  return {
    at: ({ environmentKey }, { catalogVersion, environmentVersion }) => {
      const known = states.get(environmentKey)
      const isSameTypes = known?.entityTypes.version === environmentVersion
      if (isSameTypes && known.catalogVersion === catalogVersion) return known
      const state = {
        catalogVersion,
        features,
        currencies,
        entityTypes: isSameTypes
          ? known.entityTypes
          : { version: environmentVersion, attributionKeys: null },
      }
      states.set(environmentKey, state)
      return state
    },
  }
}

/**
 * The name contains the catalog version. So a capability of an older catalog is never found, and is
 * dropped once it is the least recently used.
 */
const nameOf = (
  { environmentKey }: Scope,
  { catalogVersion }: EnvironmentState,
  id: string,
): string => `${environmentKey} ${catalogVersion} ${id}`

/** Reads the parts that a state lacks. With null, nothing is read. */
export type MaybeReader = Reader | null

/** Returns the feature with an id; null if there is none, undefined if it would have to be read. */
export async function featureIn(
  reader: MaybeReader,
  scope: Scope,
  { state, featureId }: { state: EnvironmentState; featureId: string },
): Promise<BareFeature | null | undefined> {
  const name = nameOf(scope, state, featureId)
  const known = state.features.get(name)
  if (known !== undefined || reader === null) return known
  const [found] = await findFeatures(reader, scope, [featureId])
  if (found === undefined) return null
  // Metadata may have a megabyte, and no decision needs it.
  const { metadata: _, ...feature } = found
  state.features.set(name, feature)
  return feature
}

/**
 * Returns the currency with an id; null if there is none, undefined if it would have to be read.
 */
export async function currencyIn(
  reader: MaybeReader,
  scope: Scope,
  { state, currencyId }: { state: EnvironmentState; currencyId: string },
): Promise<Currency | null | undefined> {
  const name = nameOf(scope, state, currencyId)
  const known = state.currencies.get(name)
  if (known !== undefined || reader === null) return known
  const [currency = null] = await findCurrencies(reader, scope, [currencyId])
  if (currency !== null) state.currencies.set(name, currency)
  return currency
}

/** Returns the dimensions that can name an entity; undefined if they would have to be read. */
export async function attributionKeysIn(
  reader: MaybeReader,
  scope: Scope,
  { entityTypes }: EnvironmentState,
): Promise<ReadonlySet<string> | undefined> {
  if (entityTypes.attributionKeys === null && reader !== null)
    entityTypes.attributionKeys = await findAttributionKeys(reader, scope)
  return entityTypes.attributionKeys ?? undefined
}
