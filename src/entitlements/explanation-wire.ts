import type { EntitlementAllowance, EntitlementSource } from '../api.gen.ts'
import type { BareFeature } from '../catalog/features/index.ts'
import type { FeatureState } from './feature-state.ts'
import type { Allowance, Part } from './types.ts'
import { limitToWire, valuesToWire } from './wire.ts'

/** Returns all sources that were considered for a feature. */
export const sourcesToWire = ({ feature, resolution }: FeatureState): EntitlementSource[] =>
  resolution.parts.map((part) => sourceToWire(part, feature))

const sourceToWire = (
  { source, contributes, wins }: Part,
  feature: BareFeature,
): EntitlementSource => ({
  kind: source.kind,
  id: source.id,
  version: source.version,
  quantity: source.quantity,
  contributes: contributes && allowanceToWire(contributes, feature),
  wins,
})

const allowanceToWire = (allowance: Allowance, feature: BareFeature): EntitlementAllowance => ({
  usageLimit: limitToWire(allowance.limit),
  hasUnlimitedUsage: allowance.isUnlimited,
  hasSoftLimit: allowance.isSoft,
  enumValues: valuesToWire(allowance, feature),
})
