import { activeChange } from './customer-change.ts'
import { attachPaymentMethod, detachPaymentMethod } from './payment-method.ts'
import type { PaymentMethodInput } from './types.ts'

/**
 * Makes a payment method the customer's default. 404 `CustomerNotFound`; 400
 * `EntityIsArchivedError`; 400 and 404 as `attachPaymentMethod`.
 */
export const attachDefaultPaymentMethod = activeChange(
  async ({ before, now }, input: PaymentMethodInput) => {
    const changed = attachPaymentMethod(before, input, now)
    const isSame = changed.defaultPaymentMethod === before.defaultPaymentMethod
    return { after: changed, event: isSame ? 'customer.updated' : 'payment_method.attached' }
  },
)

/**
 * Removes the customer's default payment method. 404 `CustomerNotFound`,
 * `PaymentMethodNotFoundError`; 400 `EntityIsArchivedError`.
 */
export const detachDefaultPaymentMethod = activeChange<void>(async ({ before, now }) => ({
  after: detachPaymentMethod(before, now),
  event: 'payment_method.detached',
}))
