import { type Currency, findCurrencies } from '../../catalog/currencies/index.ts'
import { type Feature, findFeatures } from '../../catalog/features/index.ts'
import type { Reader } from '../../db/index.ts'
import { findAttributionKeys } from '../../entities/index.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { type Cache, createCache } from './cache.ts'
import type { Versions } from './versions.ts'

/** Cached environments, and cached features or currencies per environment. */
const ENVIRONMENTS = 1000
const CAPABILITIES = 10_000

/** The cached state of what all customers of an environment share. */
export type EnvironmentState = {
  readonly catalog: {
    readonly version: Uuid
    readonly features: Cache<Feature>
    readonly currencies: Cache<Currency>
  }
  readonly entityTypes: {
    readonly version: Uuid
    /** The dimensions that can name an entity; null: not read yet. */
    attributionKeys: ReadonlySet<string> | null
  }
}

const newCatalog = (version: Uuid): EnvironmentState['catalog'] => ({
  version,
  features: createCache(CAPABILITIES),
  currencies: createCache(CAPABILITIES),
})

export type EnvironmentStates = {
  /** Returns the state of an environment with these versions, or an empty state. */
  at(scope: Scope, versions: Versions): EnvironmentState
}

export function createEnvironmentStates(): EnvironmentStates {
  const states = createCache<EnvironmentState>(ENVIRONMENTS)
  return {
    at: ({ environmentKey }, { catalogVersion, environmentVersion }) => {
      const known = states.get(environmentKey)
      const isSameCatalog = known?.catalog.version === catalogVersion
      const isSameTypes = known?.entityTypes.version === environmentVersion
      if (isSameCatalog && isSameTypes) return known
      const state = {
        catalog: isSameCatalog ? known.catalog : newCatalog(catalogVersion),
        entityTypes: isSameTypes
          ? known.entityTypes
          : { version: environmentVersion, attributionKeys: null },
      }
      states.set(environmentKey, state)
      return state
    },
  }
}

/** Reads the parts that a state lacks. null: nothing is read. */
export type MaybeReader = Reader | null

/** Returns the feature with an id; null if there is none, undefined if it would have to be read. */
export async function featureIn(
  reader: MaybeReader,
  scope: Scope,
  { state, featureId }: { state: EnvironmentState; featureId: string },
): Promise<Feature | null | undefined> {
  const { features } = state.catalog
  const known = features.get(featureId)
  if (known !== undefined || reader === null) return known
  const [feature = null] = await findFeatures(reader, scope, [featureId])
  if (feature !== null) features.set(featureId, feature)
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
  const { currencies } = state.catalog
  const known = currencies.get(currencyId)
  if (known !== undefined || reader === null) return known
  const [currency = null] = await findCurrencies(reader, scope, [currencyId])
  if (currency !== null) currencies.set(currencyId, currency)
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
