import type { EntitlementExplanation, EntitlementRule } from '../../../src/api.gen.ts'
import { formatDuration, formatNumber, formatReset } from '../format.ts'

/** A part of a sentence. `strong` contains a name or id that the customer or the vendor chose. */
export type Part = string | { strong: string }

/** What a sentence is made of. */
export type Given = {
  answer: EntitlementExplanation
  /** Name of the customer, or its id. */
  customer: string
  /** Name of the feature or the currency, or its id. */
  capability: string
  amount: number
  values: readonly string[]
  resource: string | null
  nameOf: (entityId: string) => string
  nowMs: number
}

/**
 * One sentence for each rule: why the result is what it is. A new rule does not compile without a
 * sentence.
 */
export const VERDICTS: Readonly<Record<EntitlementRule, (given: Given) => Part[]>> = {
  CustomerNotFound: ({ customer }) => ['There is no customer ', { strong: customer }, '.'],
  CustomerIsArchived: ({ customer }) => [
    { strong: customer },
    ' is archived. An archived customer may use nothing.',
  ],
  CustomerResourceNotFound: ({ customer, resource }) => [
    { strong: customer },
    ' has no resource ',
    { strong: resource ?? '' },
    '.',
  ],
  FeatureNotFound: ({ capability }) => ['There is nothing called ', { strong: capability }, '.'],
  Revoked: ({ customer, capability }) => [
    { strong: capability },
    ' was taken away from ',
    { strong: customer },
    '.',
  ],
  NoActiveSubscription: ({ customer, capability }) => [
    { strong: customer },
    ' has no active subscription, and ',
    { strong: capability },
    ' is not granted outside of one.',
  ],
  NoFeatureEntitlementInSubscription: ({ customer, capability }) => [
    'Nothing that ',
    { strong: customer },
    ' holds includes ',
    { strong: capability },
    '.',
  ],
  FeatureTypeMismatch: ({ capability, values }) => [
    { strong: capability },
    values.length > 0 ? ' has no values to choose from.' : ' has no number to compare with.',
  ],
  BooleanFeature: ({ customer, capability }) => [
    { strong: capability },
    ' is on for ',
    { strong: customer },
    '.',
  ],
  EnumValues: ({ answer, customer, values }) => [
    { strong: customer },
    values.length === 0
      ? ' holds some of its values.'
      : answer.isGranted
        ? ` holds ${listOf(values)}.`
        : ` does not hold all of ${listOf(values)}.`,
  ],
  PlainNumber: ({ answer, customer, amount }) => [
    { strong: customer },
    ` holds ${limitOf(answer)}, and the request needs ${formatNumber(amount)}.`,
  ],
  UnlimitedUsage: ({ answer, customer }) => [
    { strong: customer },
    ` has no limit, and has used ${formatNumber(answer.currentUsage ?? 0)}${perReset(answer)}.`,
  ],
  SoftLimit: ({ answer, customer }) => [
    { strong: customer },
    ` may exceed the limit of ${limitOf(answer)}${perReset(answer)}, and has used `,
    `${formatNumber(answer.currentUsage ?? 0)}.`,
  ],
  HardLimit: ({ answer, customer, amount, nowMs }) => [
    { strong: customer },
    ` may use ${limitOf(answer)}${perReset(answer)} and has used `,
    `${formatNumber(answer.currentUsage ?? 0)}${heldText(answer.holds)}`,
    answer.isGranted
      ? `, so ${roomFor(amount, true)}.`
      : `, so ${roomFor(amount, false)}${untilText(answer.usagePeriodEnd ?? null, nowMs)}.`,
  ],
  CreditBalance: ({ answer, customer, capability, amount }) => [
    { strong: customer },
    ` asks for ${formatNumber(amount)} of `,
    { strong: capability },
    answer.isGranted ? ', and has enough.' : ', and has fewer left.',
  ],
  UnknownDimensions: ({ answer }) => [
    { strong: listOf(answer.unresolved) },
    ' names no entity, and this environment denies such requests.',
  ],
  Budget: (given) => budgetSentence(given),
}

/** Returns the verdict: the word, and the sentence. */
export function verdictOf(given: Given): { isGranted: boolean; sentence: Part[] } {
  const { isGranted, rule } = given.answer
  return { isGranted, sentence: VERDICTS[rule](given) }
}

function budgetSentence({ answer, amount, nameOf, nowMs }: Given): Part[] {
  const node = answer.chains.flat().find(({ blocks }) => blocks)
  if (node === undefined) return ['A budget does not allow it.']
  const limit = formatNumber(node.usageLimit ?? 0)
  const scope = node.scopeEntityIds.map(nameOf)
  const left = Math.max(0, node.remaining ?? 0)
  return [
    { strong: nameOf(node.entityId) },
    ` may use ${limit} in this window`,
    ...(scope.length > 0 ? [' with ', { strong: listOf(scope) }] : []),
    ` and has used ${formatNumber(node.currentUsage)}${heldText(node.holds)}, `,
    `so ${roomFor(amount, false)}. ${formatNumber(left)} ${left === 1 ? 'is' : 'are'} left`,
    `${untilText(node.resetsAt, nowMs)}.`,
  ]
}

const listOf = (words: readonly string[]): string =>
  new Intl.ListFormat('en', { type: 'conjunction' }).format(words)

const limitOf = ({ usageLimit }: EntitlementExplanation): string => formatNumber(usageLimit ?? 0)

const perReset = (answer: EntitlementExplanation): string =>
  answer.type === 'FEATURE' && answer.resetPeriod ? ` ${formatReset(answer.resetPeriod)}` : ''

const heldText = (holds: number): string =>
  holds > 0 ? `, and reservations hold ${formatNumber(holds)}` : ''

const roomFor = (amount: number, does: boolean): string =>
  amount === 1
    ? `1 more ${does ? 'fits' : 'does not fit'}`
    : `${formatNumber(amount)} more ${does ? 'fit' : 'do not fit'}`

const DAY_MS = 86_400_000
const dates = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

/** Windows are UTC. */
function untilText(resetsAt: string | null, nowMs: number): string {
  if (resetsAt === null) return ''
  const at = new Date(resetsAt)
  const leftMs = Math.max(0, at.getTime() - nowMs)
  const clock = at.toISOString().slice(11, 16)
  const day = leftMs > DAY_MS ? `${dates.format(at)}, ` : ''
  return ` until ${day}${clock} UTC (in ${formatDuration(leftMs)})`
}
