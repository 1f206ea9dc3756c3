import type { Instant } from '../../../src/kernel/clock.ts'
import { wholeUnits } from '../../../src/kernel/quantity.ts'
import type { Outcome, Reset, State } from './state.ts'
import { isRefusal, writable } from './structure.ts'
import { grantOf } from './usage.ts'

export type GrantInput = {
  customerId: string
  featureId: string
  /** null: unlimited. */
  limit: number | null
  soft: boolean
  reset: Reset | null
  /** null: for a lifetime. */
  endsAt: Instant | null
}

/** Grants a feature from now on. 409 if it is already granted. */
export function grant(state: State, input: GrantInput, now: Instant): Outcome<null> {
  const customer = writable(state, input.customerId)
  if (isRefusal(customer)) return { refused: [customer] }
  const { featureId, limit, soft, reset, endsAt } = input
  if (grantOf(customer, featureId, now) !== undefined)
    return { refused: [{ status: 409, code: 'DuplicatedEntityNotAllowed' }] }
  customer.grants.push({
    ...{ featureId, soft, reset, startsAt: now, endsAt },
    limit: limit === null ? null : wholeUnits(limit),
    unlimited: limit === null,
  })
  return { done: null }
}

/** Ends a grant now. The usage stays. */
export function revoke(
  state: State,
  { customerId, featureId }: { customerId: string; featureId: string },
  now: Instant,
): Outcome<null> {
  const customer = writable(state, customerId)
  if (isRefusal(customer)) return { refused: [customer] }
  const held = grantOf(customer, featureId, now)
  if (held === undefined)
    return { refused: [{ status: 404, code: 'PromotionalEntitlementNotFoundError' }] }
  held.endsAt = now
  return { done: null }
}
