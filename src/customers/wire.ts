import type {
  CustomerIntegration,
  CustomerIntegrationLink,
  CustomerResource,
  Customer as WireCustomer,
} from '../api.gen.ts'
import { instantToWire } from '../kernel/clock.ts'
import type { Customer, Link, Resource } from './types.ts'

/**
 * `couponId` is null because coupons do not exist yet. `passthrough` is absent until it was sent.
 */
export const customerToWire = (customer: Customer): WireCustomer => ({
  id: customer.id,
  name: customer.name,
  email: customer.email,
  billingId: customer.billingId,
  billingCurrency: customer.billingCurrency,
  couponId: null,
  defaultPaymentMethod: customer.defaultPaymentMethod,
  integrations: customer.links.map(linkOfCustomerToWire),
  language: customer.language,
  timezone: customer.timezone,
  metadata: { ...customer.metadata },
  ...(customer.passthrough === null ? {} : { passthrough: customer.passthrough }),
  archivedAt: customer.archivedAt === null ? null : instantToWire(customer.archivedAt),
  createdAt: instantToWire(customer.createdAt),
  updatedAt: instantToWire(customer.updatedAt),
})

const linkOfCustomerToWire = (link: Link): CustomerIntegrationLink => ({
  id: link.integrationId,
  vendorIdentifier: link.vendor,
  syncedEntityId: link.syncedEntityId,
})

/** `syncData` is null because no provider is connected yet. */
export const linkToWire = (link: Link): CustomerIntegration => ({
  ...linkOfCustomerToWire(link),
  syncData: null,
})

export const resourceToWire = ({ id, createdAt, updatedAt }: Resource): CustomerResource => ({
  id,
  createdAt: instantToWire(createdAt),
  updatedAt: instantToWire(updatedAt),
})
