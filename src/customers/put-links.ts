import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import type { Link, LinkInput } from './types.ts'
import { isBillingVendor } from './vendors.ts'

/** As many as one request can state, so that a customer is never too large to be read whole. */
export const LINK_LIMIT = 100

/** Refuses (400) an integration that stands twice in one request: which wins is unknowable. */
export function refuseRepeatedLinks(stated: readonly LinkInput[]): void {
  const firstAt = new Map<string, number>()
  stated.forEach(({ integrationId }, index) => {
    const first = firstAt.get(integrationId)
    if (first !== undefined)
      throw duplicate(
        `integrations[${index}].id: duplicate id ${integrationId}, also at integrations[${first}]`,
      )
    firstAt.set(integrationId, index)
  })
}

/**
 * A customer's links after a request. `stated` are the request's, each as it is if it is new: one
 * whose integration is linked already is changed instead, the others go behind, in request order.
 * 400 `DuplicateIntegrationNotAllowed` for a second integration of a vendor that does not bill; 400
 * `InvalidArgumentError` beyond `LINK_LIMIT`. That every vendor is its integration's has been seen
 * to.
 */
export const putLinks = (links: readonly Link[], stated: readonly Link[]): readonly Link[] =>
  stated.reduce((held, link) => {
    const linked = held.some(({ integrationId }) => integrationId === link.integrationId)
    return linked ? pointLink(held, link, link.updatedAt) : addLink(held, link)
  }, links)

/** A customer's links and a new one. As `putLinks`, and 400 for an integration that is linked. */
export function addLink(links: readonly Link[], added: Link): readonly Link[] {
  const { integrationId, vendor } = added
  if (links.some((link) => link.integrationId === integrationId))
    throw duplicate(`integrations: the customer is linked to ${integrationId} already`)
  const rival = links.find((link) => link.vendor === vendor)
  if (rival !== undefined && !isBillingVendor(vendor))
    throw duplicate(
      `integrations: ${integrationId} would be a second ${vendor} beside ${rival.integrationId}`,
    )
  if (links.length >= LINK_LIMIT)
    throw badInput(`integrations: a customer has at most ${LINK_LIMIT}`, 'InvalidArgumentError')
  return [...links, added]
}

/** The links with one of them pointed at a record; a link that does so already stays itself. */
export function pointLink(
  links: readonly Link[],
  at: Pick<LinkInput, 'integrationId' | 'syncedEntityId'>,
  now: Instant,
): readonly Link[] {
  const { integrationId, syncedEntityId } = at
  return links.map((link) =>
    link.integrationId !== integrationId || link.syncedEntityId === syncedEntityId
      ? link
      : { ...link, syncedEntityId, updatedAt: now },
  )
}

const duplicate = (message: string) => badInput(message, 'DuplicateIntegrationNotAllowed')
