import { type Currency, findCurrencies } from '../../catalog/currencies/index.ts'
import { type BareFeature, findFeatures } from '../../catalog/features/index.ts'
import type { Reader } from '../../db/index.ts'
import { findAttributionKeys } from '../../entities/index.ts'
import { required } from '../../kernel/assert.ts'
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
  const known = state.features.get(nameOf(scope, state, featureId))
  if (known !== undefined || reader === null) return known
  const [found = null] = await readFeatures(reader, scope, { state, featureIds: [featureId] })
  return found
}

/**
 * Returns the features with ids, in their order; undefined if some would have to be read. All must
 * exist.
 */
export async function featuresIn(
  reader: MaybeReader,
  scope: Scope,
  { state, featureIds }: { state: EnvironmentState; featureIds: readonly string[] },
): Promise<BareFeature[] | undefined> {
  const found = new Map(
    featureIds.map((id) => [id, state.features.get(nameOf(scope, state, id))] as const),
  )
  const missing = featureIds.filter((id) => found.get(id) === undefined)
  if (missing.length > 0) {
    if (reader === null) return undefined
    const read = await readFeatures(reader, scope, { state, featureIds: missing })
    for (const feature of read) found.set(feature.id, feature)
  }
  return featureIds.map((id) => required(found.get(id), 'a feature with this id'))
}

/** Reads features with one statement, and caches them. Those that do not exist are left out. */
async function readFeatures(
  reader: Reader,
  scope: Scope,
  { state, featureIds }: { state: EnvironmentState; featureIds: readonly string[] },
): Promise<BareFeature[]> {
  const found = await findFeatures(reader, scope, featureIds)
  // Metadata may have a megabyte, and no decision needs it.
  const features = found.map(({ metadata: _, ...feature }) => feature)
  for (const feature of features) state.features.set(nameOf(scope, state, feature.id), feature)
  return features
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
