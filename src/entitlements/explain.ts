import { assert } from '../kernel/assert.ts'
import { type Quantity, wholeUnits } from '../kernel/quantity.ts'
import { neededUnits, roomWithin, shortOf } from './compare-usage.ts'
import { type DecisionQuery, decide, type Subject } from './decide.ts'
import type { Decision, EffectiveEntitlement, Request } from './types.ts'

/**
 * A change that would contribute to the opposite result. Quantities are in the units of their
 * field.
 */
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
 * Returns the ways to the opposite result. All changes of a way are needed, and each is as small as
 * possible. Past usage is not changed.
 */
export function counterfactual(query: DecisionQuery): Change[][] {
  const decision = decide(query)
  const changes = decision.isGranted
    ? changesToDeny(query, decision)
    : changesToGrant(query, decision)
  return changes.flatMap((change) => {
    const next = changed(query, change)
    const isTurned = decide(next).isGranted !== decision.isGranted
    return isTurned ? [[change]] : counterfactual(next).map((rest) => [change, ...rest])
  })
}

/** Returns the only way to spend: remove what denies, and have credits, which do not exist yet. */
export function creditCounterfactual(subject: Subject, { usage, values }: Request): Change[] {
  const changes: Change[] = []
  if (subject.customer !== 'ACTIVE') changes.push({ change: 'customer', to: 'ACTIVE' })
  if (!subject.isResourceKnown) changes.push({ change: 'resource', to: 'KNOWN' })
  if ((values ?? []).length > 0) changes.push({ change: 'requestedValues', to: null })
  const least = usage === null || usage === 0n ? wholeUnits(1) : usage
  return [...changes, { change: 'balance', to: least }]
}

/** Returns the query after a change. A feature that does not exist becomes a BOOLEAN feature. */
export function changed(query: DecisionQuery, { change, to }: Change): DecisionQuery {
  const { subject, request, resolution } = query
  const withEntitlement = (parts: Partial<EffectiveEntitlement>): DecisionQuery => ({
    ...query,
    resolution: {
      effective: { ...(resolution.effective ?? EVERYTHING), ...parts },
      isRevoked: false,
    },
  })
  switch (change) {
    case 'customer':
      return { ...query, subject: { ...subject, customer: to } }
    case 'resource':
      return { ...query, subject: { ...subject, isResourceKnown: true } }
    case 'feature':
      return { ...query, feature: SWITCH, request: { ...request, usage: null, values: null } }
    case 'entitlement':
      return to === 'GRANTED'
        ? withEntitlement({ enumValues: request.values ?? [] })
        : { ...query, resolution: { effective: null, isRevoked: true } }
    case 'usageLimit':
      return withEntitlement({ limit: to })
    case 'enumValues':
      return withEntitlement({ enumValues: to })
    case 'requestedUsage':
      return { ...query, request: { ...request, usage: to } }
    case 'requestedValues':
      return { ...query, request: { ...request, values: to } }
    default:
      return query
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
  countsFrom: null,
  updatedAt: 0,
}

/** Returns changes that satisfy the rule that denied. Later rules may still deny. */
function changesToGrant(query: DecisionQuery, { rule }: Decision): Change[] {
  const { feature, request } = query
  const granted = query.resolution.effective?.enumValues ?? []
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
        { change: 'requestedValues', to: values.filter((value) => granted.includes(value)) },
        { change: 'enumValues', to: [...new Set([...granted, ...values])].toSorted() },
      ]
    case 'PlainNumber':
    case 'HardLimit':
      assert(isCompared(query), 'usage was compared with a limit that is not there')
      return [...lessUsage(query), { change: 'usageLimit', to: neededUnits(query) }]
    default:
      return [{ change: 'entitlement', to: 'GRANTED' }]
  }
}

/** Returns the largest request that fits the limit, if any fits. */
function lessUsage(query: LimitComparison): Change[] {
  const room = roomWithin(query.resolution.effective.limit ?? 0n, query)
  return room < 0n ? [] : [{ change: 'requestedUsage', to: room }]
}

/** Returns changes that make the granting rule deny. */
function changesToDeny(query: DecisionQuery, { rule }: Decision): Change[] {
  if (!isCompared(query) || (rule !== 'PlainNumber' && rule !== 'HardLimit'))
    return [{ change: 'entitlement', to: 'REVOKED' }]
  const room = roomWithin(query.resolution.effective.limit ?? 0n, query)
  const tooLittle = shortOf(neededUnits(query))
  return [
    { change: 'requestedUsage', to: room + wholeUnits(1) },
    ...(tooLittle < 0n ? [] : [{ change: 'usageLimit', to: tooLittle } as const]),
  ]
}

type LimitComparison = DecisionQuery & {
  feature: NonNullable<DecisionQuery['feature']>
  resolution: { effective: EffectiveEntitlement }
}
const isCompared = (query: DecisionQuery): query is LimitComparison =>
  query.feature !== null && query.resolution.effective !== null
