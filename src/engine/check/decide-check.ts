import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import type { OpenHolds } from '../cache/index.ts'
import type { Authorization, BlockingHolds, CheckQuery } from '../participants/index.ts'
import { blockingHoldsOf, decideAll, newCachedUsage, recallAll } from '../participants/index.ts'
import type { CheckFacts } from './gather-facts.ts'
import { outcomeOf, validUntil } from './valid-until.ts'

/** The decision of all participants, with what they show. */
export type CheckResult = Authorization & {
  customerKey: Uuid | null
  /** Whether the customer has expired reservations that are not recorded as expired yet. */
  hasExpired: boolean
  /** The first instant at which the result may change without a write. Null: there is none. */
  validUntil: Instant | null
}

/** Decides a check with its facts. */
export function decideCheck({ query, customerKey, openHolds, deciders }: CheckFacts): CheckResult {
  const { decision, shown } = decideAll(deciders)
  const outcome = outcomeOf(shown, query.now)
  const blocking = blockingHoldsOf(outcome, { customerKey, resourceKey: query.resourceKey })
  return {
    decision,
    shown,
    customerKey,
    hasExpired: query.expired.length > 0,
    validUntil: validUntil(outcome, holdEndIn(openHolds, blocking, query.now)),
  }
}

type UnknownCustomerQuery = Pick<CheckQuery, 'now' | 'capability' | 'request'> & {
  isResourceKnown: boolean
  hasDimensions: boolean
}

/** Returns the denial for a customer that does not exist. It still shows the feature. */
export async function denyUnknownCustomer({
  isResourceKnown,
  hasDimensions,
  ...asked
}: UnknownCustomerQuery): Promise<CheckResult> {
  const source = {
    customerKey: '',
    now: asked.now,
    cached: newCachedUsage(),
    reader: null,
    grown: () => {},
  }
  const query: CheckQuery = {
    ...asked,
    subject: { customer: null, isResourceKnown, hasActiveSubscription: false },
    resourceKey: NO_RESOURCE,
    entitlement: NO_SOURCE,
    resolution: hasDimensions ? NO_ENTITY : null,
    denying: [],
    expired: [],
  }
  const [deciders] = (await recallAll(source, [query])) ?? []
  const { decision, shown } = decideAll(required(deciders, 'a decision without usage'))
  return { decision, shown, customerKey: null, hasExpired: false, validUntil: null }
}

const NO_SOURCE = {
  sources: [],
  resolution: { effective: null, isRevoked: false, parts: [] },
  changesAt: null,
}
const NO_ENTITY = { paths: [], budgets: [], unresolved: [] }

/**
 * Returns the end of the first hold that may have caused the denial. If no cached hold may have
 * caused it, and not all holds are cached, returns the end of the last cached one: the others end
 * no earlier.
 */
function holdEndIn(
  { holds, isComplete }: OpenHolds,
  blocking: readonly BlockingHolds[],
  now: Instant,
): Instant | null {
  if (blocking.length === 0) return null
  const later = holds.filter(({ expiresAt }) => expiresAt > now)
  const first =
    later.find((hold) => blocking.some((each) => each.includes(hold))) ??
    (isComplete ? undefined : later.at(-1))
  return first?.expiresAt ?? null
}
