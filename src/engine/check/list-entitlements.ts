import type { Evaluation, ListDenialReason, Request } from '../../entitlements/index.ts'
import { listDenial } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import type { Call } from '../../operation.ts'
import {
  type EngineContext,
  entitledFeaturesIn,
  entitlementsIn,
  featuresIn,
  holdingIn,
  openHoldsIn,
  resourceKeyIn,
} from '../cache/index.ts'
import { type CheckQuery, recallAll } from '../participants/index.ts'
import { askState } from './ask-state.ts'
import { decideCheck } from './decide-check.ts'
import type { FactSource } from './fact-source.ts'
import { cachedIn, expiredAmong, resolvedAt, subjectOf } from './gather-facts.ts'

/** The entitlements of a customer, or the reason why there are none. */
export type EntitlementList = {
  /** null: there is no such customer. */
  customerKey: Uuid | null
  accessDeniedReason: ListDenialReason | null
  /** Newest feature first. */
  entitlements: Evaluation[]
  /** Whether any source is in force. An archived customer may have sources, but cannot use them. */
  hasAnything: boolean
  /** Whether the customer has expired reservations that are not recorded as expired yet. */
  hasExpired: boolean
}

/** What to list: the entitlements of a customer, or of one of its resources. */
export type ListQuery = { customerId: string; resourceId: string | null }

/**
 * Returns the entitlement to each feature that a source in force gives or revokes, as a check
 * without requested usage would. See `askState`.
 */
export async function listEntitlements(
  call: Call,
  context: EngineContext,
  { customerId, resourceId }: ListQuery,
): Promise<EntitlementList> {
  const listed = await askState(call, context, {
    customerId,
    name: JSON.stringify(['list', resourceId]),
    answer: (source) => gatherList(source, resourceId),
  })
  if (listed !== null) return listed
  await call.state?.verify()
  return NOBODY
}

const NOBODY: EntitlementList = {
  customerKey: null,
  accessDeniedReason: 'CustomerNotFound',
  entitlements: [],
  hasAnything: false,
  hasExpired: false,
}

/** What a list asks of each feature. */
const NOTHING: Request = { usage: null, values: null, defaultUsage: 0n }

/**
 * Lists entitlements from a state. Undefined if a part is not in memory and there is no reader. The
 * number of statements does not depend on the number of features.
 */
export async function gatherList(
  source: FactSource,
  resourceId: string | null,
): Promise<EntitlementList | undefined> {
  const [resource, openHolds, holding] = await Promise.all([
    resourceKeyIn(source, resourceId),
    openHoldsIn(source),
    holdingIn(source),
  ])
  if (resource === undefined || openHolds === undefined || holding === undefined) return undefined
  const resourceKey = resource ?? NO_RESOURCE
  const given = await entitledFeaturesIn(source, resourceKey)
  if (given === undefined) return undefined
  const meters = given.map(({ featureKey }) => ({ featureKey, resourceKey }))
  const { reader, scope, environment: state, customerKey, now, versions } = source
  const featureIds = given.map(({ featureId }) => featureId)
  const [features, entitlements] = await Promise.all([
    featuresIn(reader, scope, { state, featureIds }),
    entitlementsIn(source, meters),
  ])
  if (features === undefined || entitlements === undefined) return undefined
  const subject = subjectOf(versions, { resource, holding })
  const expired = expiredAmong(openHolds, now)
  const queries = features.flatMap((feature, index): CheckQuery[] => {
    const entitlement = resolvedAt(required(entitlements[index], 'an entitlement'), now)
    const { effective, isRevoked } = entitlement.resolution
    if (effective === null && !isRevoked) return []
    const capability = { kind: 'feature', feature } as const
    const asked = { now, subject, resourceKey, capability, entitlement, request: NOTHING }
    return [{ ...asked, resolution: null, denying: [], expired }]
  })
  const hasAnything = queries.length > 0
  const found = { customerKey, hasAnything, hasExpired: expired.length > 0 }
  const accessDeniedReason = listDenial(subject, hasAnything)
  if (accessDeniedReason !== null) return { ...found, accessDeniedReason, entitlements: [] }
  const recalled = await recallAll(cachedIn(source), queries)
  if (recalled === null) return undefined
  const checked = queries.map((query, index) => {
    const deciders = required(recalled[index], 'how a feature is decided')
    return decideCheck({ customerKey, query, openHolds, deciders })
  })
  return {
    ...found,
    accessDeniedReason,
    entitlements: checked.map(({ shown, validUntil }) => ({
      ...required(shown.evaluated, 'the decision about a feature'),
      validUntil,
    })),
  }
}
