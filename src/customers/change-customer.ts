import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../kernel/clock.ts'
import { notFound } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import { patchMetadata, refuseOversized } from '../kernel/metadata.ts'
import { sent } from '../kernel/patch.ts'
import { mirrorBillingId } from './mirror-billing-id.ts'
import { putLinks } from './put-links.ts'
import type { Customer, CustomerInput, Link } from './types.ts'

/** Returns a new customer without any optional fields. */
export const newCustomer = (id: string, at: { key: Uuid; now: Instant }): Customer => ({
  key: at.key,
  id,
  name: null,
  email: null,
  billingId: null,
  billingCurrency: null,
  language: null,
  timezone: null,
  defaultPaymentMethod: null,
  passthrough: null,
  metadata: {},
  links: [],
  createdAt: at.now,
  updatedAt: at.now,
  archivedAt: null,
})

/**
 * 404 `CouponNotFound` for every coupon, because coupons do not exist yet. Null and `""` mean none.
 */
export function refuseUnknownCoupon({ couponId }: CustomerInput): void {
  if (couponId !== undefined && couponId !== null)
    throw notFound(inBody('couponId'), 'CouponNotFound', `couponId: coupon ${couponId} not found`)
}

/**
 * Returns the customer after a request, or `before` itself if nothing differs, so that only a real
 * change moves `updatedAt`. `links` are the links of the request, as for `putLinks`. 400 as
 * `putLinks`, `mirrorBillingId` and `refuseOversized`.
 */
export function changeCustomer(
  before: Customer,
  input: CustomerInput,
  at: { links: readonly Link[]; now: Instant },
): Customer {
  const stated = {
    billingId: input.billingId,
    integrationIds: at.links.map(({ integrationId }) => integrationId),
  }
  const links = putLinks(before.links, at.links)
  const metadata = patchMetadata(before.metadata, input.metadata)
  refuseOversized(metadata, `the customer ${before.id}`, inBody('metadata'))
  const after = {
    ...before,
    name: sent(input.name, before.name),
    email: sent(input.email, before.email),
    billingCurrency: sent(input.billingCurrency, before.billingCurrency),
    language: sent(input.language, before.language),
    timezone: sent(input.timezone, before.timezone),
    defaultPaymentMethod: sent(input.defaultPaymentMethod, before.defaultPaymentMethod),
    passthrough: sent(input.passthrough, before.passthrough),
    metadata,
    ...mirrorBillingId(before, links, { stated, now: at.now }),
  }
  return unlessSame(before, after, at.now)
}

/**
 * Returns the customer with other links; `billingId` follows them. Returns `before` if nothing
 * differs. 400 as `mirrorBillingId`.
 */
export function changeLinks(before: Customer, links: readonly Link[], now: Instant): Customer {
  const stated = { billingId: undefined, integrationIds: [] }
  const billing = mirrorBillingId(before, links, { stated, now })
  return unlessSame(before, { ...before, ...billing }, now)
}

/** Returns the customer archived, or itself if it already is. */
export const archived = (before: Customer, now: Instant): Customer =>
  before.archivedAt === null ? { ...before, archivedAt: now, updatedAt: now } : before

/** Returns the customer unarchived, or itself if it is not archived. */
export const unarchived = (before: Customer, now: Instant): Customer =>
  before.archivedAt === null ? before : { ...before, archivedAt: null, updatedAt: now }

/** Compares like JSON: the order of keys does not matter. */
const unlessSame = (before: Customer, after: Customer, now: Instant): Customer =>
  isDeepStrictEqual(before, after) ? before : { ...after, updatedAt: now }
