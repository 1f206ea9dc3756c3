import type { UnitTransformation } from '../api.gen.ts'
import { findCurrencies } from '../catalog/currencies/index.ts'
import { findFeatures } from '../catalog/features/index.ts'
import { badInput } from '../kernel/errors.ts'
import { inQuery } from '../kernel/field.ts'
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
  return [
    ...features.map(({ key, id, unitTransformation }) => {
      return { kind: 'feature' as const, key, id, transformation: unitTransformation }
    }),
    ...currencies.map(({ key, id }) => {
      return { kind: 'currency' as const, key, id, transformation: null }
    }),
  ]
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
