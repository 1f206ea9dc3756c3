import type {
  PackageCreditEntitlementChange,
  PackageCreditEntitlementInput,
  PackageFeatureEntitlementChange,
  PackageFeatureEntitlementInput,
} from '../../../api.gen.ts'
import type { Field } from '../../../kernel/field.ts'
import { none } from '../../../kernel/patch.ts'
import { type Quantity, quantityFromWire } from '../../../kernel/quantity.ts'
import { accordingToFromWire, limitFromWire } from '../../features/index.ts'
import type { CommonInput, EntitlementChange, EntitlementInput } from './types.ts'

type FeatureOrCredit = PackageFeatureEntitlementInput | PackageCreditEntitlementInput
type AnyChange = PackageFeatureEntitlementChange | PackageCreditEntitlementChange

/** Returns a request for an entitlement at `where`. 400 for a number with too many digits. */
export const entitlementFromWire = (wire: FeatureOrCredit, where: Field): EntitlementInput =>
  wire.type === 'FEATURE'
    ? {
        type: 'FEATURE',
        id: wire.id,
        limit: limitFromWire(wire.usageLimit) ?? null,
        isUnlimited: wire.hasUnlimitedUsage ?? false,
        isSoft: wire.hasSoftLimit ?? false,
        enumValues: wire.enumValues ?? [],
        resetPeriod: wire.resetPeriod ?? null,
        accordingTo: accordingToFromWire(wire),
        ...commonFromWire(wire, where),
      }
    : {
        type: 'CREDIT',
        id: wire.id,
        amount: amountFromWire(wire.amount, where.at('amount')),
        cadence: wire.cadence,
        isSoft: wire.hasSoftLimit ?? false,
        dependencyFeatureId: wire.dependencyFeatureId ?? null,
        ...commonFromWire(wire, where),
      }

const commonFromWire = (wire: FeatureOrCredit, where: Field): CommonInput => ({
  behavior: wire.behavior ?? 'Increment',
  isGranted: wire.isGranted ?? true,
  isCustom: wire.isCustom ?? false,
  hiddenFromWidgets: wire.hiddenFromWidgets ?? [],
  order: amountFromWire(wire.order, where.at('order')) ?? null,
  displayNameOverride: wire.displayNameOverride || null,
  description: wire.description || null,
})

/** Returns a change of an entitlement. 400 for a number with too many digits. */
export function changeFromWire(wire: AnyChange, where: Field): EntitlementChange {
  const common = {
    behavior: wire.behavior,
    isGranted: wire.isGranted,
    isCustom: wire.isCustom,
    isSoft: wire.hasSoftLimit,
    hiddenFromWidgets: wire.hiddenFromWidgets,
    order: amountFromWire(wire.order, where.at('order')),
    displayNameOverride: none(wire.displayNameOverride),
    description: none(wire.description),
  }
  if (wire.type === 'CREDIT')
    return {
      ...common,
      type: 'CREDIT',
      amount: amountFromWire(wire.amount, where.at('amount')),
      cadence: wire.cadence,
      dependencyFeatureId: wire.dependencyFeatureId,
    }
  return {
    ...common,
    type: 'FEATURE',
    limit: limitFromWire(wire.usageLimit),
    isUnlimited: wire.hasUnlimitedUsage,
    enumValues: wire.enumValues,
    resetPeriod: wire.resetPeriod,
    accordingTo: accordingToFromWire(wire),
  }
}

/** Null and absent numbers stay so. */
const amountFromWire = <Absent extends null | undefined>(
  wire: number | Absent,
  field: Field,
): Quantity | Absent => (typeof wire === 'number' ? quantityFromWire(wire, field) : wire)
