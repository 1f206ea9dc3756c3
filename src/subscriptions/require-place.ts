import { badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'

/** The most subscriptions of a customer that have not ended. */
export const SUBSCRIPTION_LIMIT = 1000

/**
 * Refuses a subscription for a resource, or for none, against the product's rule: 400
 * `BadUserInput`. Refuses one too many: 400 `TooManySubscriptionsPerCustomer`.
 */
export function requirePlace({
  product,
  resourceId,
  present,
}: {
  product: { id: string; hasMultiple: boolean }
  resourceId: string | null
  /** How many subscriptions of the customer have not ended. */
  present: number
}): void {
  if (product.hasMultiple && resourceId === null)
    throw badInput(
      inBody('resourceId'),
      `resourceId is required: a customer can have several subscriptions to the product ${product.id}`,
    )
  if (!product.hasMultiple && resourceId !== null)
    throw badInput(
      inBody('resourceId'),
      `resourceId: subscriptions to the product ${product.id} are not for a resource`,
    )
  if (present >= SUBSCRIPTION_LIMIT)
    throw badInput(
      inBody('customerId'),
      `customerId: a customer has at most ${SUBSCRIPTION_LIMIT} subscriptions that have not ended`,
      'TooManySubscriptionsPerCustomer',
    )
}
