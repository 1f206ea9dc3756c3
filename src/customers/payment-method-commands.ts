import { refuseOutdated } from '../kernel/etag.ts'
import type { Call } from '../operation.ts'
import { changeLocked } from './customer-change.ts'
import { refuseArchived } from './find-customer.ts'
import { attachPaymentMethod, detachPaymentMethod } from './payment-method.ts'
import type { Customer, PaymentMethodInput } from './types.ts'
import { customerToWire } from './wire.ts'

/**
 * Makes a payment method the customer's default. 404 `CustomerNotFound`; 400
 * `EntityIsArchivedError`; 400 and 404 as `attachPaymentMethod`.
 */
export async function attachDefaultPaymentMethod(
  call: Call,
  customerId: string,
  input: PaymentMethodInput,
): Promise<Customer> {
  const { after } = await changeLocked(call, customerId, async (_, before, now) => {
    refuseOutdated(call, () => customerToWire(before))
    refuseArchived(before)
    const changed = attachPaymentMethod(before, input, now)
    const isSame = changed.defaultPaymentMethod === before.defaultPaymentMethod
    return { after: changed, event: isSame ? 'customer.updated' : 'payment_method.attached' }
  })
  return after
}

/**
 * Removes the customer's default payment method. 404 `CustomerNotFound`,
 * `PaymentMethodNotFoundError`; 400 `EntityIsArchivedError`.
 */
export async function detachDefaultPaymentMethod(
  call: Call,
  customerId: string,
): Promise<Customer> {
  const { after } = await changeLocked(call, customerId, async (_, before, now) => {
    refuseOutdated(call, () => customerToWire(before))
    refuseArchived(before)
    return { after: detachPaymentMethod(before, now), event: 'payment_method.detached' }
  })
  return after
}
