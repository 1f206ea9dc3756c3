import type { DefaultTrialConfig } from '../../../src/api.gen.ts'
import { formatCount, formatNumber } from '../format.ts'
import type { PackageKind, PackageVersion } from './operations.ts'
import { PRICING_WORDS } from './words.ts'

/** A text, or the plans or add-ons that a version names. Null and none: nothing is said. */
export type FieldValue = { text: string | null } | { of: PackageKind; ids: readonly string[] }

export type VersionField = { label: string; value: FieldValue }

/** A field of two versions. Null: the version does not have the field. */
export type FieldPair = {
  label: string
  before: FieldValue | null
  after: FieldValue | null
  isChanged: boolean
}

/** What a change does with a field: words, and the value that they are about. */
export type ChangePart = {
  words: string
  value?: { text: string } | { of: PackageKind; id: string }
}

/** Returns all that a version says, in the order in which it is shown. */
export function fieldsOf(version: PackageVersion): VersionField[] {
  const { displayName, description, billingId, pricingType, metadata } = version
  return [
    { label: 'Name', value: { text: displayName } },
    { label: 'Description', value: { text: description } },
    { label: 'Pricing', value: { text: pricingType && PRICING_WORDS[pricingType] } },
    ...ownFields(version),
    { label: 'Billing id', value: { text: billingId } },
    ...Object.entries(metadata).map(([key, text]) => ({ label: `Label ${key}`, value: { text } })),
  ]
}

/** What only plans say, or only add-ons. */
function ownFields(version: PackageVersion): VersionField[] {
  if ('maxQuantity' in version)
    return [
      { label: 'Maximum quantity', value: { text: quantityText(version.maxQuantity) } },
      { label: 'Needs', value: { of: 'addon', ids: version.dependencies } },
    ]
  const { parentPlanId, compatibleAddonIds, defaultTrialConfig } = version
  return [
    { label: 'Inherits from', value: { of: 'plan', ids: parentPlanId ? [parentPlanId] : [] } },
    { label: 'Compatible add-ons', value: { of: 'addon', ids: compatibleAddonIds ?? [] } },
    {
      label: 'Default trial',
      value: { text: defaultTrialConfig && trialText(defaultTrialConfig) },
    },
  ]
}

const quantityText = (maximum: number | null): string =>
  maximum === null ? 'no limit' : formatNumber(maximum)

/** `14 days, then it is paid; at most 20 may be spent`. */
function trialText({ duration, units, trialEndBehavior, budget }: DefaultTrialConfig): string {
  // What is not said converts the trial.
  const end = TRIAL_ENDS[trialEndBehavior ?? 'CONVERT_TO_PAID']
  const limit = budget && `${formatNumber(budget.limit)} may be spent`
  return [
    formatCount(duration, units.toLowerCase()),
    `, ${end}`,
    limit && `; ${limit}${budget.hasSoftLimit ? ', or more' : ' at most'}`,
  ]
    .filter(Boolean)
    .join('')
}

const TRIAL_ENDS: Readonly<Record<NonNullable<DefaultTrialConfig['trialEndBehavior']>, string>> = {
  CONVERT_TO_PAID: 'then it is paid',
  CANCEL_SUBSCRIPTION: 'then it ends',
}

/** Returns the fields of two versions beside each other. Null: there is no such version. */
export function pairsOf(before: PackageVersion | null, after: PackageVersion | null): FieldPair[] {
  const [left, right] = [before, after].map(
    (version) =>
      new Map((version ? fieldsOf(version) : []).map(({ label, value }) => [label, value])),
  ) as [Map<string, FieldValue>, Map<string, FieldValue>]
  return [...new Set([...left.keys(), ...right.keys()])].map((label) => {
    const values = { before: left.get(label) ?? null, after: right.get(label) ?? null }
    return { label, ...values, isChanged: !isSame(values.before, values.after) }
  })
}

/** The order in which packages are named means nothing. */
const contentOf = (value: FieldValue | null): string[] =>
  value === null
    ? []
    : 'ids' in value
      ? [...value.ids].sort()
      : value.text === null
        ? []
        : [value.text]

const isSame = (left: FieldValue | null, right: FieldValue | null): boolean =>
  JSON.stringify(contentOf(left)) === JSON.stringify(contentOf(right))

/** Returns what a change does with one field: nothing if the versions do not differ in it. */
export function changeParts({ before, after, isChanged }: FieldPair): ChangePart[] {
  if (!isChanged) return []
  const value = after ?? before
  if (value !== null && 'of' in value) {
    const [was, is] = [contentOf(before), contentOf(after)]
    const named = (words: string, ids: readonly string[]): ChangePart[] =>
      ids.map((id) => ({ words, value: { of: value.of, id } }))
    return [
      ...named(
        'adds',
        is.filter((id) => !was.includes(id)),
      ),
      ...named(
        'removes',
        was.filter((id) => !is.includes(id)),
      ),
    ]
  }
  const [[was], [is]] = [contentOf(before), contentOf(after)]
  if (was === undefined) return is === undefined ? [] : [{ words: 'is', value: { text: is } }]
  if (is === undefined) return [{ words: 'is removed. It was', value: { text: was } }]
  return [
    { words: 'was', value: { text: was } },
    { words: 'becomes', value: { text: is } },
  ]
}
