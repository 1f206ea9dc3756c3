import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { pointLink } from './put-links.ts'
import type { Customer, Link } from './types.ts'
import { isBillingVendor } from './vendors.ts'

export type BillingFields = Pick<Customer, 'billingId' | 'links'>

/** The `billingId` of a request, undefined if not sent, and the integrations of its links. */
export type BillingInput = {
  billingId: string | null | undefined
  integrationIds: readonly string[]
}

/**
 * Returns the link whose record id is the customer's `billingId`: the oldest link to a billing
 * vendor.
 */
export const defaultBillingLink = (links: readonly Link[]): Link | null =>
  links.find(({ vendor }) => isBillingVendor(vendor)) ?? null

/**
 * Makes `billingId` and the default billing link agree. `before` is the customer before the
 * request, `links` are its links after it. What the request sends takes precedence over what was
 * stored. If it sends both and they differ: 400 `InvalidArgumentError`. If the last billing link is
 * removed, the `billingId` that came from it is removed too. If the first billing link has no
 * record, it takes over the `billingId` that was stored.
 */
export function mirrorBillingId(
  before: BillingFields,
  links: readonly Link[],
  request: { stated: BillingInput; now: Instant },
): BillingFields {
  const { integrationIds } = request.stated
  const link = defaultBillingLink(links)
  const said = request.stated.billingId
  const billingId = said === undefined ? inherited(before, link) : said
  if (link === null) {
    const left = defaultBillingLink(before.links) === null ? before.billingId : null
    return { billingId: billingId === undefined ? left : billingId, links }
  }
  const { integrationId, syncedEntityId } = link
  if (billingId === undefined || billingId === syncedEntityId)
    return { billingId: syncedEntityId, links }
  if (said !== undefined && integrationIds.includes(integrationId))
    throw badInput(
      inBody('billingId'),
      `billingId and the syncedEntityId of the billing integration ${integrationId} differ`,
      'InvalidArgumentError',
    )
  const pointed = pointLink(links, { integrationId, syncedEntityId: billingId }, request.now)
  return { billingId, links: pointed }
}

/**
 * The request sends no `billingId`, so a first billing link without a record takes over the stored
 * one.
 */
const inherited = (before: BillingFields, link: Link | null): string | undefined => {
  const isFirst = link !== null && defaultBillingLink(before.links) === null
  return isFirst && link.syncedEntityId === null ? (before.billingId ?? undefined) : undefined
}
