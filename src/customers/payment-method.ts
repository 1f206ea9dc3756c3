import type { Instant } from '../kernel/clock.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import { inBody, inPath } from '../kernel/field.ts'
import { changeCustomer } from './change-customer.ts'
import { unknownLink } from './find-customer.ts'
import type { Customer, Link, PaymentMethodInput } from './types.ts'
import { isBillingVendor } from './vendors.ts'

type PaymentMethod = Customer['defaultPaymentMethod']

/**
 * Returns the payment method with an id of its provider; null for none. The one on file keeps all
 * its fields. Of another one only the id is known, so it counts as a card.
 */
export function paymentMethodWithId(id: string | null, onFile: PaymentMethod): PaymentMethod {
  if (id === null || id === onFile?.billingId) return id === null ? null : onFile
  return {
    billingId: id,
    type: 'CARD',
    cardLast4Digits: null,
    cardExpiryMonth: null,
    cardExpiryYear: null,
  }
}

/**
 * Returns the customer with another default payment method, or itself if nothing differs. 404
 * `VendorIsNotSupported` for a vendor that does not bill, `IntegrationNotFound` if the customer is
 * not linked to the integration, `CustomerNoBillingId` if the link has no record; 400
 * `UnsupportedVendorIdentifier` if the integration has another vendor.
 */
export function attachPaymentMethod(
  before: Customer,
  input: PaymentMethodInput,
  now: Instant,
): Customer {
  const { paymentMethodId, billingCurrency } = input
  if (!isBillingVendor(input.vendor))
    throw notFound(
      inBody('vendorIdentifier'),
      'VendorIsNotSupported',
      `vendorIdentifier: ${input.vendor} is not a billing vendor`,
    )
  const link = linkOf(before, input)
  if (link.syncedEntityId === null)
    throw notFound(
      inBody('integrationId'),
      'CustomerNoBillingId',
      `integrationId: the link of ${before.id} to ${link.integrationId} has no syncedEntityId`,
    )
  const defaultPaymentMethod = paymentMethodWithId(paymentMethodId, before.defaultPaymentMethod)
  return changeCustomer(before, { defaultPaymentMethod, billingCurrency }, { links: [], now })
}

function linkOf(customer: Customer, { integrationId, vendor }: PaymentMethodInput): Link {
  const link = customer.links.find((candidate) => candidate.integrationId === integrationId)
  if (link === undefined)
    throw unknownLink(inBody('integrationId'), { customerId: customer.id, integrationId })
  if (link.vendor !== vendor)
    throw badInput(
      inBody('vendorIdentifier'),
      `vendorIdentifier: the integration ${integrationId} has the vendor ${link.vendor}, not ${vendor}`,
      'UnsupportedVendorIdentifier',
    )
  return link
}

/**
 * Returns the customer without a payment method. 404 `PaymentMethodNotFoundError` if it has none.
 */
export function detachPaymentMethod(before: Customer, now: Instant): Customer {
  if (before.defaultPaymentMethod === null)
    throw notFound(
      inPath('id'),
      'PaymentMethodNotFoundError',
      `the customer ${before.id} has no payment method to detach`,
    )
  return changeCustomer(before, { defaultPaymentMethod: null }, { links: [], now })
}
