import type {
  EntitlementWidget,
  PackageCreditEntitlement,
  PackageEntitlement,
  PackageFeatureEntitlement,
} from '../../../src/api.gen.ts'
import { formatNumber, formatReset } from '../format.ts'
import type { FieldPair } from './version-fields.ts'

/** What an entitlement is of: features and currencies may have the same id. */
export const targetOf = ({ type, id }: Pick<PackageEntitlement, 'type' | 'id'>): string =>
  `${type} ${id}`

/** The name of the feature or currency, or its id where there is none. */
export const nameOf = ({ displayName, id }: PackageEntitlement): string => displayName.trim() || id

/** What the package gives, in a few words: `1,000 a month, soft`. */
export function givesText(row: PackageEntitlement): string {
  if (!row.isGranted) return 'nothing: it is taken away'
  return row.type === 'CREDIT' ? creditText(row) : featureText(row)
}

function creditText(row: PackageCreditEntitlement): string {
  const amount =
    row.isCustom || row.amount === null ? 'what each subscription says' : formatNumber(row.amount)
  return [
    amount,
    row.cadence && ` ${formatReset(row.cadence)}`,
    row.dependencyFeatureId && ` × the limit of ${row.dependencyFeatureId}`,
    row.hasSoftLimit && ', soft',
  ]
    .filter(Boolean)
    .join('')
}

function featureText(row: PackageFeatureEntitlement): string {
  if (row.enumValues !== null && row.enumValues.length > 0) return row.enumValues.join(', ')
  return row.isCustom ? `what each subscription says${resetText(row)}` : limitText(row)
}

type Limit = Pick<PackageFeatureEntitlement, 'usageLimit' | 'hasUnlimitedUsage' | 'resetPeriod'> & {
  hasSoftLimit: boolean | null
}

const resetText = ({ resetPeriod }: Pick<Limit, 'resetPeriod'>): string =>
  resetPeriod === null ? '' : ` ${formatReset(resetPeriod)}`

/** How much of a feature is given: `1,000 a month, soft`. */
export function limitText(limit: Limit): string {
  if (limit.hasUnlimitedUsage) return `no limit${resetText(limit)}`
  if (limit.usageLimit === null) return 'yes'
  return `${formatNumber(limit.usageLimit)}${resetText(limit)}${limit.hasSoftLimit ? ', soft' : ''}`
}

const BEGINS: Readonly<Record<string, string>> = {
  SubscriptionStart: 'with the subscription',
  StartOfTheMonth: 'on the 1st of the month',
}

/** When a limit starts again. Null: never, or nothing more is said about it. */
const beginsText = (row: PackageEntitlement): string | null => {
  const according = row.type === 'FEATURE' ? row.resetPeriodConfiguration?.accordingTo : undefined
  if (according === undefined) return null
  return BEGINS[according] ?? `on ${according.slice('Every'.length)}`
}

export const WIDGET_WORDS: Readonly<Record<EntitlementWidget, string>> = {
  PAYWALL: 'paywall',
  CUSTOMER_PORTAL: 'customer portal',
  CHECKOUT: 'checkout',
}

/** All that an entitlement says, by what it is about. */
const partsOf = (row: PackageEntitlement): ReadonlyMap<string, string | null> =>
  new Map([
    ['gives', givesText(row)],
    ['starts again', beginsText(row)],
    ['replaces', row.behavior === 'Override' ? 'what the rest of the subscription gives' : null],
    ['is shown as', row.displayNameOverride],
    ['is hidden from', row.hiddenFromWidgets.map((each) => WIDGET_WORDS[each]).join(', ') || null],
    ['description', row.description],
    ['place', row.order === null ? null : formatNumber(row.order)],
  ])

const SENTENCES = ['starts again', 'replaces', 'is shown as', 'is hidden from']

/** What an entitlement says besides what it gives: `starts again on Monday`. */
export const besidesText = (row: PackageEntitlement): string =>
  SENTENCES.flatMap((part) => {
    const text = partsOf(row).get(part) ?? null
    return text === null ? [] : [`${part} ${text}`]
  }).join('; ')

/** All that a new entitlement says. Its place is that of the order in which they are added. */
const wholeText = (row: PackageEntitlement): string =>
  [givesText(row), besidesText(row), row.description].filter(Boolean).join('; ')

function labelOf(row: PackageEntitlement): string {
  const name = nameOf(row)
  const called = name === row.id ? row.id : `${name} (${row.id})`
  return row.type === 'CREDIT' ? `Credits ${called}` : called
}

/** Returns in what two versions differ in their entitlements. */
export function entitlementChanges(
  before: readonly PackageEntitlement[],
  after: readonly PackageEntitlement[],
): FieldPair[] {
  const [was, is] = [before, after].map(
    (rows) => new Map(rows.map((row) => [targetOf(row), row])),
  ) as [Map<string, PackageEntitlement>, Map<string, PackageEntitlement>]
  return [...new Set([...is.keys(), ...was.keys()])].flatMap((target): FieldPair[] => {
    const [left, right] = [was.get(target), is.get(target)]
    if (left !== undefined && right !== undefined) return partChanges(left, right)
    const row = left ?? right
    if (row === undefined) return []
    const value = { text: wholeText(row) }
    return [
      {
        label: labelOf(row),
        before: left ? value : null,
        after: right ? value : null,
        isChanged: true,
      },
    ]
  })
}

function partChanges(left: PackageEntitlement, right: PackageEntitlement): FieldPair[] {
  const was = partsOf(left)
  return [...partsOf(right)]
    .map(([part, text]) => ({ part, before: was.get(part) ?? null, after: text }))
    .filter((each) => each.before !== each.after)
    .map(({ part, ...texts }) => ({
      label: `${labelOf(right)}: ${part}`,
      before: { text: texts.before },
      after: { text: texts.after },
      isChanged: true,
    }))
}
