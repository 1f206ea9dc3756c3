import { assert } from '../kernel/assert.ts'
import { type Quantity, wholeUnits } from '../kernel/quantity.ts'
import { neededUnits, roomWithin, shortOf } from './compare-usage.ts'
import { type DecisionQuery, decide, type Subject } from './decide.ts'
import type { Decision, EffectiveEntitlement, Request } from './types.ts'

/** Something that would have to be otherwise; quantities are in the units of their field. */
export type Change =
  | { change: 'customer'; to: 'ACTIVE' }
  | { change: 'resource' | 'feature'; to: 'KNOWN' }
  | { change: 'entitlement'; to: 'GRANTED' | 'REVOKED' }
  | { change: 'usageLimit' | 'balance'; to: Quantity }
  | { change: 'enumValues'; to: readonly string[] }
  /** null: not sent. */
  | { change: 'requestedUsage'; to: Quantity | null }
  | { change: 'requestedValues'; to: readonly string[] | null }

/**
 * The ways to the opposite answer. The changes of one way have to be made together, none of them is
 * superfluous, and none goes further than it must. What was used until now is taken as it is.
 */
export function counterfactual(asked: DecisionQuery): Change[][] {
  const decision = decide(asked)
  const changes = decision.isGranted ? takeAway(asked, decision) : repairs(asked, decision)
  return changes.flatMap((change) => {
    const next = changed(asked, change)
    const isTurned = decide(next).isGranted !== decision.isGranted
    return isTurned ? [[change]] : counterfactual(next).map((rest) => [change, ...rest])
  })
}

/** The one way to spend: what stands in it, and credits that nobody has yet. */
export function creditCounterfactual(subject: Subject, { usage, values }: Request): Change[] {
  const changes: Change[] = []
  if (subject.customer !== 'ACTIVE') changes.push({ change: 'customer', to: 'ACTIVE' })
  if (!subject.isResourceKnown) changes.push({ change: 'resource', to: 'KNOWN' })
  if ((values ?? []).length > 0) changes.push({ change: 'requestedValues', to: null })
  const least = usage === null || usage === 0n ? wholeUnits(1) : usage
  return [...changes, { change: 'balance', to: least }]
}

/** What is asked once a change has been made. Nothing is known of a feature that does not exist. */
export function changed(asked: DecisionQuery, { change, to }: Change): DecisionQuery {
  const { subject, request, resolution } = asked
  const holding = (parts: Partial<EffectiveEntitlement>): DecisionQuery => ({
    ...asked,
    resolution: { held: { ...(resolution.held ?? EVERYTHING), ...parts }, isRevoked: false },
  })
  switch (change) {
    case 'customer':
      return { ...asked, subject: { ...subject, customer: to } }
    case 'resource':
      return { ...asked, subject: { ...subject, isResourceKnown: true } }
    case 'feature':
      return { ...asked, feature: SWITCH, request: { ...request, usage: null, values: null } }
    case 'entitlement':
      return to === 'GRANTED'
        ? holding({ enumValues: request.values ?? [] })
        : { ...asked, resolution: { held: null, isRevoked: true } }
    case 'usageLimit':
      return holding({ limit: to })
    case 'enumValues':
      return holding({ enumValues: to })
    case 'requestedUsage':
      return { ...asked, request: { ...request, usage: to } }
    case 'requestedValues':
      return { ...asked, request: { ...request, values: to } }
    default:
      return asked
  }
}

const SWITCH = { featureType: 'BOOLEAN', meterType: 'None', unitTransformation: null } as const
const EVERYTHING: EffectiveEntitlement = {
  limit: null,
  isUnlimited: true,
  isSoft: false,
  enumValues: [],
  reset: null,
  anchor: 0,
  updatedAt: 0,
}

/** What puts right the rule that denied; the rules after it may deny still. */
function repairs(asked: DecisionQuery, { rule }: Decision): Change[] {
  const { feature, request } = asked
  const held = asked.resolution.held?.enumValues ?? []
  const values = request.values ?? []
  switch (rule) {
    case 'CustomerNotFound':
    case 'CustomerIsArchived':
      return [{ change: 'customer', to: 'ACTIVE' }]
    case 'CustomerResourceNotFound':
      return [{ change: 'resource', to: 'KNOWN' }]
    case 'FeatureNotFound':
      return [{ change: 'feature', to: 'KNOWN' }]
    case 'FeatureTypeMismatch':
      return feature?.featureType !== 'ENUM' && values.length > 0
        ? [{ change: 'requestedValues', to: null }]
        : [{ change: 'requestedUsage', to: null }]
    case 'EnumValues':
      return [
        { change: 'requestedValues', to: values.filter((value) => held.includes(value)) },
        { change: 'enumValues', to: [...new Set([...held, ...values])].toSorted() },
      ]
    case 'PlainNumber':
    case 'HardLimit':
      assert(isCompared(asked), 'usage was compared with a limit that is not there')
      return [...lessUsage(asked), { change: 'usageLimit', to: neededUnits(asked) }]
    default:
      return [{ change: 'entitlement', to: 'GRANTED' }]
  }
}

/** As much as still fits, if anything does. */
function lessUsage(asked: HeldComparison): Change[] {
  const room = roomWithin(asked.resolution.held.limit ?? 0n, asked)
  return room < 0n ? [] : [{ change: 'requestedUsage', to: room }]
}

/** What would deny by the rule that granted. */
function takeAway(asked: DecisionQuery, { rule }: Decision): Change[] {
  if (!isCompared(asked) || (rule !== 'PlainNumber' && rule !== 'HardLimit'))
    return [{ change: 'entitlement', to: 'REVOKED' }]
  const room = roomWithin(asked.resolution.held.limit ?? 0n, asked)
  const tooLittle = shortOf(neededUnits(asked))
  return [
    { change: 'requestedUsage', to: room + wholeUnits(1) },
    ...(tooLittle < 0n ? [] : [{ change: 'usageLimit', to: tooLittle } as const]),
  ]
}

type HeldComparison = DecisionQuery & {
  feature: NonNullable<DecisionQuery['feature']>
  resolution: { held: EffectiveEntitlement }
}
const isCompared = (asked: DecisionQuery): asked is HeldComparison =>
  asked.feature !== null && asked.resolution.held !== null
