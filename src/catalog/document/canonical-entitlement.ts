import type { CatalogCreditEntitlement, CatalogFeatureEntitlement } from '../../api.gen.ts'
import type { Field } from '../../kernel/field.ts'
import { CONFIGURATIONS } from '../features/index.ts'
import type { EntitlementInput, PackageEntitlement } from '../packages/entitlements/index.ts'
import {
  entitlementFromWire,
  entitlementToWire,
  widgetsOf,
} from '../packages/entitlements/index.ts'
import { type Nullable, stated, unless } from './stated.ts'

/** What a plan or an add-on of a document gives. Its place in its list is its order. */
export type CatalogEntitlement = CatalogFeatureEntitlement | CatalogCreditEntitlement

/** Returns the form that documents have of an entitlement. */
export function entitlementToDocument(entitlement: PackageEntitlement): CatalogEntitlement {
  const wire = entitlementToWire(entitlement)
  if (wire.type === 'CREDIT') return canonicalCredit(wire)
  const { resetPeriod, resetPeriodConfiguration: configuration } = wire
  const isConfigured = resetPeriod !== null && resetPeriod in CONFIGURATIONS
  const name = isConfigured ? CONFIGURATIONS[resetPeriod as keyof typeof CONFIGURATIONS] : null
  return canonicalFeature({ ...wire, ...(name === null ? {} : { [name]: configuration }) })
}

/** Returns what requests state for an entitlement of a document. 400 for too many digits. */
export const entitlementFromDocument = (
  entitlement: CatalogEntitlement,
  where: Field,
): EntitlementInput =>
  entitlementFromWire(
    entitlement.type === 'CREDIT'
      ? { ...entitlement, amount: entitlement.amount ?? null }
      : entitlement,
    where,
  )

export const canonicalEntitlement = (entitlement: CatalogEntitlement): CatalogEntitlement =>
  entitlement.type === 'FEATURE' ? canonicalFeature(entitlement) : canonicalCredit(entitlement)

/** Takes the wire form, too. */
const canonicalFeature = (
  of: Pick<CatalogFeatureEntitlement, 'id' | 'type'> & Nullable<CatalogFeatureEntitlement>,
): CatalogFeatureEntitlement =>
  stated<CatalogFeatureEntitlement>({
    id: of.id,
    type: of.type,
    usageLimit: of.usageLimit,
    hasUnlimitedUsage: unless(of.hasUnlimitedUsage, false),
    hasSoftLimit: unless(of.hasSoftLimit, false),
    enumValues: [...new Set(of.enumValues)].toSorted(),
    resetPeriod: of.resetPeriod,
    yearlyResetPeriodConfiguration: counted(of.yearlyResetPeriodConfiguration),
    monthlyResetPeriodConfiguration: counted(of.monthlyResetPeriodConfiguration),
    weeklyResetPeriodConfiguration: counted(of.weeklyResetPeriodConfiguration),
    ...common(of),
  })

/** Takes the wire form, too. */
const canonicalCredit = (
  of: Pick<CatalogCreditEntitlement, 'id' | 'type'> & Nullable<CatalogCreditEntitlement>,
): CatalogCreditEntitlement =>
  stated<CatalogCreditEntitlement>({
    id: of.id,
    type: of.type,
    amount: of.amount,
    cadence: of.cadence,
    dependencyFeatureId: of.dependencyFeatureId,
    hasSoftLimit: unless(of.hasSoftLimit, false),
    ...common(of),
  })

const common = (of: Nullable<CatalogEntitlement>) => ({
  behavior: unless(of.behavior, 'Increment'),
  isGranted: unless(of.isGranted, true),
  isCustom: unless(of.isCustom, false),
  hiddenFromWidgets: widgetsOf(of.hiddenFromWidgets ?? []),
  displayNameOverride: of.displayNameOverride,
  description: of.description,
})

/** Null for periods that are counted from the start, as they are by default. */
const counted = <T extends { accordingTo: string }>(configuration: T | null | undefined) =>
  configuration && configuration.accordingTo !== 'SubscriptionStart'
    ? ({ accordingTo: configuration.accordingTo } as T)
    : null
