import type { Reader } from '../db/index.ts'
import { NO_RESOURCE } from '../metering/index.ts'
import { findHoldEnds } from '../metering/reservations/index.ts'
import { deniedOutright } from './decide.ts'
import { type CustomerFacts, type EntitlementQuery, findFeatures } from './entitlement-store.ts'
import { type Evaluation, evaluate, subjectOf } from './evaluate.ts'
import { type Readable, readFeatureStates } from './feature-state.ts'
import type { Request } from './types.ts'
import { firstAfter, isBlockedByHold } from './valid-until.ts'

/** The entitlements of a customer, or the reason why there are none. */
export type Entitlements = {
  customer: CustomerFacts
  accessDeniedReason: 'CustomerNotFound' | 'CustomerIsArchived' | 'NoActiveSubscription' | null
  /** Newest feature first. */
  entitlements: Evaluation[]
  /** Whether any source is in force. An archived customer may have sources, but cannot use them. */
  hasAnything: boolean
}

const NOTHING: Request = { usage: null, values: null, defaultUsage: 0n }

/**
 * Returns the entitlement to each feature that a source in force gives or revokes, as a check
 * without requested usage would.
 */
export async function entitlementsOf(db: Readable, query: EntitlementQuery): Promise<Entitlements> {
  const found = await readFeatureStates(db, (reader) => findFeatures(reader, query))
  const { customer } = found
  const { now } = customer
  const subject = subjectOf(customer, query.resourceId)
  const inForce = found.features.filter(
    ({ resolution }) => resolution.effective !== null || resolution.isRevoked,
  )
  const hasAnything = inForce.length > 0
  const denial = deniedOutright(subject)
  if (denial !== null)
    return { customer, accessDeniedReason: reasonOf(denial), entitlements: [], hasAnything }
  const answers = inForce.map((each) => evaluate(subject, each, { request: NOTHING, now }))
  const isNobody = !hasAnything && !subject.hasActiveSubscription
  return {
    customer,
    accessDeniedReason: isNobody ? 'NoActiveSubscription' : null,
    entitlements: await untilHoldsEnd(db.read, customer, answers),
    hasAnything,
  }
}

/** Limits `validUntil` of each denial that a hold causes to the end of the next hold. */
async function untilHoldsEnd(
  reader: Reader,
  { customerKey, resourceKey, now }: CustomerFacts,
  answers: readonly Evaluation[],
): Promise<Evaluation[]> {
  const blocked = answers.filter(isBlockedByHold)
  const windows = blocked.flatMap(({ featureState }) =>
    featureState === null || customerKey === null
      ? []
      : {
          ...{ customerKey, featureKey: featureState.feature.key, window: featureState.window },
          resourceKey: resourceKey ?? NO_RESOURCE,
        },
  )
  const ends = await findHoldEnds(reader, windows, now)
  const endOf = new Map(blocked.map((answer, index) => [answer, ends[index] ?? null]))
  return answers.map((answer) => {
    const until = firstAfter(now, [answer.validUntil, endOf.get(answer) ?? null])
    return { ...answer, validUntil: until }
  })
}

/** The list has fewer reasons than a check: an unknown resource has no subscription. */
const reasonOf = ({ rule }: NonNullable<ReturnType<typeof deniedOutright>>) =>
  rule === 'CustomerNotFound' || rule === 'CustomerIsArchived' ? rule : 'NoActiveSubscription'
