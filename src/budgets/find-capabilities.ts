import { holdCurrencies } from '../catalog/currencies/index.ts'
import { addsUp, type Feature, holdFeatures, isLevel } from '../catalog/features/index.ts'
import type { Tx } from '../db/index.ts'
import { distinct } from '../entities/index.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import type { Field } from '../kernel/field.ts'
import type { Scope } from '../kernel/scope.ts'
import { type AssignmentInput, type Capability, capabilityField } from './types.ts'

/** The capability of a row: whether it is archived, and whether it is a level. */
export type CapabilityState = Capability & { isArchived: boolean; isLevel: boolean }

/**
 * Returns the capabilities of a request's rows in their order, locked so that none is archived
 * before this transaction ends. 404 `FeatureNotFound`, `CustomCurrencyNotFound`; 400
 * `UnsupportedFeatureType` for a feature whose usage is not a sum.
 */
export async function holdCapabilities(
  tx: Tx,
  scope: Scope,
  inputs: readonly AssignmentInput[],
): Promise<CapabilityState[]> {
  const idsOf = (kind: Capability['kind']) =>
    distinct(inputs.flatMap(({ capability: each }) => (each.kind === kind ? [each.id] : [])))
  const [features, currencies] = await Promise.all([
    holdFeatures(tx, scope, idsOf('feature')),
    holdCurrencies(tx, scope, idsOf('currency')),
  ])
  const featureOf = new Map(features.map((each) => [each.id, each]))
  const currencyOf = new Map(currencies.map((each) => [each.id, each]))
  return inputs.map((input): CapabilityState => {
    const { where, capability } = input
    const { kind, id } = capability
    const field = capabilityField(input)
    if (kind === 'currency') {
      const currency = currencyOf.get(id)
      if (currency === undefined)
        throw notFound(field, 'CustomCurrencyNotFound', `${where}: currency ${id} not found`)
      return { kind, key: currency.key, isArchived: currency.archivedAt !== null, isLevel: false }
    }
    const feature = featureOf.get(id)
    if (feature === undefined)
      throw notFound(field, 'FeatureNotFound', `${where}: feature ${id} not found`)
    refuseUncountable(feature, { where, field })
    const isArchived = feature.status === 'SUSPENDED'
    return { kind, key: feature.key, isArchived, isLevel: isLevel(feature) }
  })
}

/**
 * 400 for a feature without usage, and for one whose usage is not a sum. The maximum of a team, for
 * example, is not the sum of its members' maxima.
 */
function refuseUncountable(
  feature: Feature,
  { where, field }: { where: Field; field: Field },
): void {
  if (feature.meterType === 'None')
    throw badInput(
      field,
      `${where}: the feature ${feature.id} is not metered`,
      'UnsupportedFeatureType',
    )
  if (!addsUp(feature))
    throw badInput(
      field,
      `${where}: feature ${feature.id} is metered by ${feature.meter?.aggregation.function}; ` +
        'budgets need a sum or a count',
      'UnsupportedFeatureType',
    )
}
