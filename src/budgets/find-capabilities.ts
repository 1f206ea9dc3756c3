import { holdCurrencies } from '../catalog/currencies/index.ts'
import { addsUp, type Feature, holdFeatures, isLevel } from '../catalog/features/index.ts'
import type { Tx } from '../db/index.ts'
import { distinct } from '../entities/index.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import type { AssignmentInput, Capability } from './types.ts'

/** A capability that a row names: whether nothing new may lean on it, and if it is a level. */
export type Found = Capability & { isArchived: boolean; isLevel: boolean }

/**
 * What the rows of a request budget, in their order, none of it archived before this transaction
 * ends. 404 `FeatureNotFound`, `CustomCurrencyNotFound`; 400 `UnsupportedFeatureType` for a feature
 * whose usage does not add up.
 */
export async function holdCapabilities(
  tx: Tx,
  scope: Scope,
  inputs: readonly AssignmentInput[],
): Promise<Found[]> {
  const idsOf = (kind: Capability['kind']) =>
    distinct(inputs.flatMap(({ capability: each }) => (each.kind === kind ? [each.id] : [])))
  const [features, currencies] = await Promise.all([
    holdFeatures(tx, scope, idsOf('feature')),
    holdCurrencies(tx, scope, idsOf('currency')),
  ])
  const featureOf = new Map(features.map((each) => [each.id, each]))
  const currencyOf = new Map(currencies.map((each) => [each.id, each]))
  return inputs.map(({ where, capability: { kind, id } }): Found => {
    if (kind === 'currency') {
      const currency = currencyOf.get(id)
      if (currency === undefined)
        throw notFound('CustomCurrencyNotFound', `${where}: currency ${id} not found`)
      return { kind, key: currency.key, isArchived: currency.archivedAt !== null, isLevel: false }
    }
    const feature = featureOf.get(id)
    if (feature === undefined)
      throw notFound('FeatureNotFound', `${where}: feature ${id} not found`)
    refuseUncountable(feature, where)
    const isArchived = feature.status === 'SUSPENDED'
    return { kind, key: feature.key, isArchived, isLevel: isLevel(feature) }
  })
}

/**
 * Refuses a feature without usage, and one whose usage is no sum: the largest value of a team is
 * not made of what its members add.
 */
function refuseUncountable(feature: Feature, where: string): void {
  if (feature.meterType === 'None')
    throw badInput(`${where}: the feature ${feature.id} is not metered`, 'UnsupportedFeatureType')
  if (!addsUp(feature))
    throw badInput(
      `${where}: the feature ${feature.id} is metered by ${feature.meter?.aggregation.function}; ` +
        'budgets take what is summed or counted',
      'UnsupportedFeatureType',
    )
}
