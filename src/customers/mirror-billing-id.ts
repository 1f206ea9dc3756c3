import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { pointLink } from './put-links.ts'
import type { Customer, Link } from './types.ts'
import { isBillingVendor } from './vendors.ts'

export type BillingFields = Pick<Customer, 'billingId' | 'links'>

/** What a request says: a `billingId`, undefined for none, and links by their integrations. */
export type BillingInput = {
  billingId: string | null | undefined
  integrationIds: readonly string[]
}

/** The link whose record is the customer's `billingId`: the oldest to a vendor that bills. */
export const defaultBillingLink = (links: readonly Link[]): Link | null =>
  links.find(({ vendor }) => isBillingVendor(vendor)) ?? null

/**
 * Keeps `billingId` and the default billing link saying the same. `before` is the customer before
 * the request, `links` are its links after it. What the request says itself wins over what was
 * there; where it says both and they differ it is 400 `InvalidArgumentError`. When the last billing
 * link goes, the `billingId` that came from it goes as well; the first one that comes without a
 * record takes over the `billingId` that was there.
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
      `billingId and the syncedEntityId of the billing integration ${integrationId} differ`,
      'InvalidArgumentError',
    )
  const pointed = pointLink(links, { integrationId, syncedEntityId: billingId }, request.now)
  return { billingId, links: pointed }
}

/** Nobody spoke of the `billingId`, so that a first billing link that knows no record keeps it. */
const inherited = (before: BillingFields, link: Link | null): string | undefined => {
  const isFirst = link !== null && defaultBillingLink(before.links) === null
  return isFirst && link.syncedEntityId === null ? (before.billingId ?? undefined) : undefined
}
