import type { Currency, Passthrough, PaymentMethod, VendorIdentifier } from '../api.gen.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Metadata, MetadataPatch } from '../kernel/metadata.ts'

export type Customer = {
  key: Uuid
  id: string
  name: string | null
  email: string | null
  /** The customer's id at the billing provider: what the default billing link says, if any. */
  billingId: string | null
  billingCurrency: Currency | null
  language: string | null
  timezone: string | null
  /** Kept and handed out as it was sent; so is `passthrough`. */
  defaultPaymentMethod: PaymentMethod | null
  passthrough: Passthrough | null
  metadata: Metadata
  /** Oldest first, which is the order of their keys. */
  links: readonly Link[]
  createdAt: Instant
  updatedAt: Instant
  archivedAt: Instant | null
}

/** Which record of an outside system is the customer. */
export type Link = {
  key: Uuid
  integrationId: string
  vendor: VendorIdentifier
  /** null while the outside system has no record. */
  syncedEntityId: string | null
  createdAt: Instant
  updatedAt: Instant
}

/** What a request says of a link. */
export type LinkInput = Pick<Link, 'integrationId' | 'vendor' | 'syncedEntityId'>

export type LinkIds = { customerId: string; integrationId: string }

/** What a request says of a customer. Absent keeps, null clears, metadata is merged. */
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
  /** Links to add, or to change where the integration is linked already. */
  links?: readonly LinkInput[] | undefined
}

/** What a row of an import says of a customer. Absent keeps, null clears, metadata is merged. */
export type ImportRow = {
  id: string
  email: string | null
  name: string | null
  /** The customer's id at the billing integration of the request, where that names one. */
  billingId: string | null | undefined
  paymentMethodId: string | null | undefined
  salesforceId: string | null | undefined
  metadata: MetadataPatch | undefined
  /** A customer that was changed here at this instant, or later, is newer than the row. */
  staleFrom: Instant | null
}

/** Where an import links its customers. */
export type ImportTargets = {
  /** The integration that the request names, if any. */
  billing: Integration | null
  /** For customers that are not linked to Salesforce yet. */
  salesforce: Integration
}

/** What a request says of the payment method to charge from now on. */
export type PaymentMethodInput = {
  integrationId: string
  vendor: VendorIdentifier
  paymentMethodId: string
  /** Absent keeps, null clears. */
  billingCurrency: Currency | null | undefined
}

/** A thing of a customer that has subscriptions of its own. */
export type Resource = { key: Uuid; id: string; createdAt: Instant; updatedAt: Instant }

/** An outside system that customers of the environment can be linked to. */
export type Integration = { id: string; vendor: VendorIdentifier }
