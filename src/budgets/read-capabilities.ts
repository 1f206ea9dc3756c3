import type { UnitTransformation } from '../api.gen.ts'
import { findCurrencies, findCurrenciesByKey } from '../catalog/currencies/index.ts'
import { type Feature, findFeatures, findFeaturesByKey } from '../catalog/features/index.ts'
import type { Reader } from '../db/index.ts'
import { badInput } from '../kernel/errors.ts'
import { inQuery } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Call } from '../operation.ts'
import type { Capability } from './types.ts'

/** Selects capabilities by id, of one kind or of both kinds. */
export type CapabilityFilter = { kind: Capability['kind'] | null; id: string }

export type CapabilityWithId = Capability & {
  id: string
  /** Converts usage into the units of limits. Null: they are the same. */
  transformation: UnitTransformation | null
}

/**
 * Returns the existing features and currencies, including archived ones, in no particular order.
 */
export async function findCapabilities(
  { app, scope }: Pick<Call, 'app' | 'scope'>,
  filters: readonly CapabilityFilter[],
): Promise<CapabilityWithId[]> {
  const idsOf = (kind: Capability['kind']) =>
    filters.filter((each) => each.kind === null || each.kind === kind).map(({ id }) => id)
  const [features, currencies] = await Promise.all([
    findFeatures(app.db.read, scope, idsOf('feature')),
    findCurrencies(app.db.read, scope, idsOf('currency')),
  ])
  return [...features.map(ofFeature), ...currencies.map(ofCurrency)]
}

const ofFeature = ({ key, id, unitTransformation }: Feature): CapabilityWithId => {
  return { kind: 'feature', key, id, transformation: unitTransformation }
}
const ofCurrency = ({ key, id }: { key: Uuid; id: string }): CapabilityWithId => {
  return { kind: 'currency', key, id, transformation: null }
}

/** Returns features and currencies by their keys. */
export async function findCapabilitiesByKey(
  reader: Reader,
  keys: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, CapabilityWithId>> {
  const [features, currencies] = await Promise.all([
    findFeaturesByKey(reader, keys),
    findCurrenciesByKey(reader, keys),
  ])
  const found = [...features.map(ofFeature), ...currencies.map(ofCurrency)]
  return new Map(found.map((each) => [each.key, each]))
}

/** Returns the capabilities in the order of the ids, each once. 400 for an unknown one. */
export async function requireCapabilities(
  call: Pick<Call, 'app' | 'scope'>,
  asked: { featureIds: readonly string[]; currencyIds: readonly string[] },
): Promise<CapabilityWithId[]> {
  const filters = [
    ...[...new Set(asked.featureIds)].map((id) => ({ kind: 'feature' as const, id })),
    ...[...new Set(asked.currencyIds)].map((id) => ({ kind: 'currency' as const, id })),
  ]
  if (filters.length === 0) return []
  const found = await findCapabilities(call, filters)
  return filters.map(({ kind, id }) => {
    const capability = found.find((each) => each.kind === kind && each.id === id)
    if (capability === undefined)
      throw badInput(inQuery(`${kind}Ids`), `${kind}Ids: ${kind} ${id} not found`)
    return capability
  })
}
