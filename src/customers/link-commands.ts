import { refuseOutdated } from '../kernel/etag.ts'
import { inBody, inPath } from '../kernel/field.ts'
import type { Call } from '../operation.ts'
import { changeLinks } from './change-customer.ts'
import { changeLocked, newLinks, requireLinked } from './customer-change.ts'
import { refuseArchived, unknownLink } from './find-customer.ts'
import { addLink, pointLink } from './put-links.ts'
import type { Customer, Link, LinkIds, LinkInput } from './types.ts'
import { linkToWire } from './wire.ts'

/**
 * Links a customer to an integration. 404 `CustomerNotFound`; 400 `EntityIsArchivedError`; 400 and
 * 404 as `requireIntegrations` and `addLink`.
 */
export async function linkIntegration(
  call: Call,
  customerId: string,
  input: LinkInput,
): Promise<Link> {
  const { after } = await changeLocked(call, customerId, async (tx, before, now) => {
    refuseArchived(before)
    await requireLinked(tx, { ...call, now }, [input], () => inBody())
    const links = newLinks(call, [input], now).reduce(
      (held, link) => addLink(held, link, inBody()),
      before.links,
    )
    return { after: changeLinks(before, links, now), event: 'customer.updated' }
  })
  return linkTo(after, input.integrationId)
}

/**
 * Changes the record of a link; null for none. 404 `CustomerNotFound`, `IntegrationNotFound`; 400
 * `EntityIsArchivedError`.
 */
export async function updateLink(
  call: Call,
  ids: LinkIds,
  syncedEntityId: string | null,
): Promise<Link> {
  const { customerId, integrationId } = ids
  const { after } = await changeLocked(call, customerId, async (_, before, now) => {
    refuseArchived(before)
    const link = linkTo(before, integrationId)
    refuseOutdated(call, () => linkToWire(link))
    const links = pointLink(before.links, { integrationId, syncedEntityId }, now)
    return { after: changeLinks(before, links, now), event: 'customer.updated' }
  })
  return linkTo(after, integrationId)
}

/** Removes a link and returns it as it was. 404 and 400 as `updateLink`. */
export async function unlinkIntegration(call: Call, ids: LinkIds): Promise<Link> {
  const { before } = await changeLocked(call, ids.customerId, async (_, customer, now) => {
    refuseArchived(customer)
    const link = linkTo(customer, ids.integrationId)
    refuseOutdated(call, () => linkToWire(link))
    const links = customer.links.filter((other) => other !== link)
    return { after: changeLinks(customer, links, now), event: 'customer.updated' }
  })
  return linkTo(before, ids.integrationId)
}

function linkTo(customer: Customer, integrationId: string): Link {
  const link = customer.links.find((candidate) => candidate.integrationId === integrationId)
  if (link === undefined)
    throw unknownLink(inPath('integrationId'), { customerId: customer.id, integrationId })
  return link
}
