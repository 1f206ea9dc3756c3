import type {
  EntitlementBehavior,
  EntitlementCadence,
  EntitlementWidget,
  Feature,
  MonthlyResetPeriodConfig,
  PackageCreditEntitlementInput,
  PackageEntitlement,
  PackageEntitlementType,
  PackageEntitlementUpdateRequestBody,
  PackageFeatureEntitlement,
  PackageFeatureEntitlementInput,
  ResetPeriod,
  WeeklyResetPeriodConfig,
} from '../../../src/api.gen.ts'
import { numberIn, refuseNumber } from '../ui/number.ts'

/** How much is given: a limit, no limit, or what each subscription says. */
export type Extent = 'LIMITED' | 'UNLIMITED' | 'CUSTOM'

/** What an entitlement of a draft says, as it is typed. */
export type EntitlementFields = {
  type: PackageEntitlementType
  id: string
  isGranted: 'yes' | 'no'
  extent: Extent
  /** A limit, a value, or an amount of credits. */
  limit: string
  isSoft: boolean
  enumValues: readonly string[]
  reset: ResetPeriod | 'NEVER'
  monthly: MonthlyResetPeriodConfig['accordingTo']
  weekly: WeeklyResetPeriodConfig['accordingTo']
  cadence: EntitlementCadence
  dependencyFeatureId: string
  behavior: EntitlementBehavior
  hiddenFromWidgets: readonly EntitlementWidget[]
  order: string
  displayNameOverride: string
  description: string
}

export const NOTHING: EntitlementFields = {
  type: 'FEATURE',
  id: '',
  isGranted: 'yes',
  extent: 'LIMITED',
  limit: '',
  isSoft: false,
  enumValues: [],
  reset: 'MONTH',
  monthly: 'SubscriptionStart',
  weekly: 'SubscriptionStart',
  cadence: 'MONTH',
  dependencyFeatureId: '',
  behavior: 'Increment',
  hiddenFromWidgets: [],
  order: '',
  displayNameOverride: '',
  description: '',
}

/** The fields of a form that says what an entitlement says. */
export function fieldsOf(row: PackageEntitlement): EntitlementFields {
  const shared = {
    ...NOTHING,
    type: row.type,
    id: row.id,
    isGranted: row.isGranted ? ('yes' as const) : ('no' as const),
    extent: row.isCustom ? ('CUSTOM' as const) : ('LIMITED' as const),
    isSoft: row.hasSoftLimit ?? false,
    behavior: row.behavior,
    hiddenFromWidgets: row.hiddenFromWidgets,
    order: textOf(row.order),
    displayNameOverride: row.displayNameOverride ?? '',
    description: row.description ?? '',
  }
  if (row.type === 'FEATURE') return { ...shared, ...featureFields(row, shared.extent) }
  return {
    ...shared,
    limit: textOf(row.amount),
    cadence: row.cadence ?? 'MONTH',
    dependencyFeatureId: row.dependencyFeatureId ?? '',
  }
}

const featureFields = (row: PackageFeatureEntitlement, extent: Extent) => ({
  extent: row.hasUnlimitedUsage ? ('UNLIMITED' as const) : extent,
  limit: textOf(row.usageLimit),
  enumValues: row.enumValues ?? [],
  reset: row.resetPeriod ?? ('NEVER' as const),
  ...beginsOf(row),
})

type Reset = Pick<PackageFeatureEntitlement, 'resetPeriod' | 'resetPeriodConfiguration'>

/** The fields that say when a reset period begins. */
export function beginsOf({ resetPeriod, resetPeriodConfiguration }: Reset) {
  const begins = resetPeriodConfiguration?.accordingTo
  if (begins === undefined || begins === 'SubscriptionStart') return {}
  return resetPeriod === 'MONTH'
    ? { monthly: begins as EntitlementFields['monthly'] }
    : { weekly: begins as EntitlementFields['weekly'] }
}

const textOf = (value: number | null): string => (value === null ? '' : String(value))

/** What can be said of a feature, which depends on its type. Null: the feature is not known. */
export type FeatureKind = Pick<Feature, 'featureType' | 'meterType'> | null

/** The kind of a feature that has an entitlement, as far as the entitlement tells it. */
export const hasAmount = (kind: FeatureKind): boolean => kind?.featureType === 'NUMBER'
export const isMetered = (kind: FeatureKind): boolean =>
  kind?.featureType === 'NUMBER' && kind.meterType !== 'None'
export const isResettable = (kind: FeatureKind): boolean => kind?.meterType === 'INCREMENTAL'

type Body = Exclude<PackageEntitlementUpdateRequestBody, { type: 'CREDIT' }> & { type: 'FEATURE' }

/** The request that gives an entitlement of a draft these values. */
export function changeOf(
  fields: EntitlementFields,
  kind: FeatureKind,
): PackageEntitlementUpdateRequestBody {
  const order = numberIn(fields.order)
  const shared = {
    isGranted: fields.isGranted === 'yes',
    behavior: fields.behavior,
    hiddenFromWidgets: [...fields.hiddenFromWidgets],
    displayNameOverride: fields.displayNameOverride,
    description: fields.description,
    ...(order !== null && { order }),
  }
  const amount = numberIn(fields.limit)
  if (fields.type === 'FEATURE')
    return { type: 'FEATURE', ...shared, ...termsOf(fields, { kind, amount }) }
  const isCustom = fields.extent === 'CUSTOM'
  return {
    type: 'CREDIT',
    ...shared,
    isCustom,
    hasSoftLimit: fields.isSoft,
    cadence: fields.cadence,
    dependencyFeatureId: fields.dependencyFeatureId.trim() || null,
    ...(!isCustom && amount !== null && { amount }),
  }
}

/** The request that adds an entitlement with these values. */
export function inputOf(
  fields: EntitlementFields,
  kind: FeatureKind,
): PackageFeatureEntitlementInput | PackageCreditEntitlementInput {
  const id = fields.id.trim()
  const change = changeOf(fields, kind)
  if (change.type === 'FEATURE') return { ...change, id }
  const { dependencyFeatureId, ...rest } = change
  return {
    ...rest,
    id,
    cadence: fields.cadence,
    amount: change.amount ?? null,
    ...(dependencyFeatureId && { dependencyFeatureId }),
  }
}

/** The part of a request that says how much of a feature is given. */
export function termsOf(
  fields: EntitlementFields,
  { kind, amount }: { kind: FeatureKind; amount: number | null },
): Partial<Body> {
  if (kind?.featureType === 'ENUM') return { enumValues: [...fields.enumValues] }
  if (!hasAmount(kind)) return {}
  return {
    ...extentOf(fields, amount),
    ...(isMetered(kind) && { hasSoftLimit: fields.isSoft && fields.extent !== 'UNLIMITED' }),
    ...(isResettable(kind) && resetOf(fields)),
  }
}

function extentOf({ extent }: EntitlementFields, amount: number | null): Partial<Body> {
  if (extent === 'CUSTOM') return { isCustom: true }
  if (extent === 'UNLIMITED') return { usageLimit: null, hasUnlimitedUsage: true, isCustom: false }
  return {
    hasUnlimitedUsage: false,
    isCustom: false,
    ...(amount !== null && { usageLimit: amount }),
  }
}

/** The part of a request that says when usage starts again. */
export function resetOf({ reset, monthly, weekly }: EntitlementFields) {
  if (reset === 'NEVER') return {}
  return {
    resetPeriod: reset,
    ...(reset === 'YEAR' && {
      yearlyResetPeriodConfiguration: { accordingTo: 'SubscriptionStart' as const },
    }),
    ...(reset === 'MONTH' && { monthlyResetPeriodConfiguration: { accordingTo: monthly } }),
    ...(reset === 'WEEK' && { weeklyResetPeriodConfiguration: { accordingTo: weekly } }),
  }
}

/** Returns which text is no number, or null. What is not given needs no amount. */
export function refuse(fields: EntitlementFields, kind: FeatureKind) {
  const isCredit = fields.type === 'CREDIT'
  const needsAmount =
    fields.isGranted === 'yes' && fields.extent === 'LIMITED' && (isCredit || isMetered(kind))
  const isSaid = fields.limit.trim() !== '' && (isCredit || hasAmount(kind))
  const amount = isCredit ? 'amount' : 'usageLimit'
  const wrong = needsAmount || isSaid ? refuseNumber(amount, fields.limit) : null
  return wrong ?? (fields.order.trim() === '' ? null : refuseNumber('order', fields.order))
}

/** The request that adds an entitlement again as it was. */
export function copyOf(
  row: PackageEntitlement,
): PackageFeatureEntitlementInput | PackageCreditEntitlementInput {
  const shared = {
    id: row.id,
    isGranted: row.isGranted,
    isCustom: row.isCustom ?? false,
    behavior: row.behavior,
    hiddenFromWidgets: row.hiddenFromWidgets,
    displayNameOverride: row.displayNameOverride ?? '',
    description: row.description ?? '',
    ...(row.order !== null && { order: row.order }),
    ...(row.hasSoftLimit && { hasSoftLimit: true }),
  }
  if (row.type === 'FEATURE')
    return {
      type: 'FEATURE',
      ...shared,
      ...(row.usageLimit !== null && { usageLimit: row.usageLimit }),
      ...(row.hasUnlimitedUsage && { hasUnlimitedUsage: true }),
      ...(row.enumValues !== null && { enumValues: row.enumValues }),
      ...resetOf(fieldsOf(row)),
    }
  return {
    type: 'CREDIT',
    ...shared,
    amount: row.amount,
    cadence: row.cadence ?? 'MONTH',
    ...(row.dependencyFeatureId !== null && { dependencyFeatureId: row.dependencyFeatureId }),
  }
}
