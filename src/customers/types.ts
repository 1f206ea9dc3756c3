import type { Currency, Passthrough, PaymentMethod, VendorIdentifier } from '../api.gen.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Metadata, MetadataPatch } from '../kernel/metadata.ts'

export type Customer = {
  key: Uuid
  id: string
  name: string | null
  email: string | null
  /**
   * The customer's id at the billing provider, which is the record of the default billing link if
   * there is one.
   */
  billingId: string | null
  billingCurrency: Currency | null
  language: string | null
  timezone: string | null
  /** Stored and returned as sent, like `passthrough`. */
  defaultPaymentMethod: PaymentMethod | null
  passthrough: Passthrough | null
  metadata: Metadata
  /** Oldest first, in the order of keys. */
  links: readonly Link[]
  createdAt: Instant
  updatedAt: Instant
  archivedAt: Instant | null
}

/** The record of an integration that is the customer. */
export type Link = {
  key: Uuid
  integrationId: string
  vendor: VendorIdentifier
  /** null: the integration has no record of the customer yet. */
  syncedEntityId: string | null
  createdAt: Instant
  updatedAt: Instant
}

/** The fields of a link in a request. */
export type LinkInput = Pick<Link, 'integrationId' | 'vendor' | 'syncedEntityId'>

export type LinkIds = { customerId: string; integrationId: string }

/** The fields of a customer in a request. Absent keeps, null clears, metadata is merged. */
export type CustomerInput = {
  name?: string | null | undefined
  email?: string | null | undefined
  billingId?: string | null | undefined
  billingCurrency?: Currency | null | undefined
  couponId?: string | null | undefined
  language?: string | null | undefined
  timezone?: string | null | undefined
  defaultPaymentMethod?: PaymentMethod | null | undefined
  passthrough?: Passthrough | undefined
  metadata?: MetadataPatch | undefined
  /** Links to add, or to change if the integration is already linked. */
  links?: readonly LinkInput[] | undefined
}

/** The fields of a row of an import. Absent keeps, null clears, metadata is merged. */
export type ImportRow = {
  id: string
  email: string | null
  name: string | null
  /** The customer's id at the billing integration of the request, if it names one. */
  billingId: string | null | undefined
  paymentMethodId: string | null | undefined
  salesforceId: string | null | undefined
  metadata: MetadataPatch | undefined
  /** The row is stale if the customer was changed here at this instant or later. */
  staleFrom: Instant | null
}

/** The integrations that an import links its customers to. */
export type ImportTargets = {
  /** The billing integration that the request names, if any. */
  billing: Integration | null
  /** For customers without a link to Salesforce. */
  salesforce: Integration
}

/** The fields of a request that changes the default payment method. */
export type PaymentMethodInput = {
  integrationId: string
  vendor: VendorIdentifier
  paymentMethodId: string
  /** Absent keeps, null clears. */
  billingCurrency: Currency | null | undefined
}

/** A part of a customer with its own subscriptions. */
export type Resource = { key: Uuid; id: string; createdAt: Instant; updatedAt: Instant }

/** An external system that customers of the environment can be linked to. */
export type Integration = { id: string; vendor: VendorIdentifier }
