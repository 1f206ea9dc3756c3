import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { type Field, inBody } from '../kernel/field.ts'
import { firstRepeat } from '../kernel/first-repeat.ts'
import type { Link, LinkInput } from './types.ts'
import { isBillingVendor } from './vendors.ts'

/** As many as one request can send. So a customer is never too large to be read as a whole. */
export const LINK_LIMIT = 100

/** The field of a link in a request with several. */
export const linkField = (index: number): Field => inBody('integrations', index)

/** 400 for a duplicate integration in one request, because it would be unclear which one counts. */
export function refuseRepeatedLinks(stated: readonly LinkInput[]): void {
  const repeat = firstRepeat(stated.map(({ integrationId }) => integrationId))
  if (repeat === null) return
  const { value, index, first } = repeat
  throw duplicate(
    linkField(index).at('id'),
    `integrations[${index}].id: duplicate id ${value}, also at integrations[${first}]`,
  )
}

/**
 * Returns a customer's links after a request. `stated` are the links of the request, as new links.
 * A link whose integration is already linked changes the existing link; the others are appended in
 * request order. The vendors must have been compared with those of the integrations before. 400
 * `DuplicateIntegrationNotAllowed` for a second integration of a vendor that does not bill; 400
 * `InvalidArgumentError` beyond `LINK_LIMIT`.
 */
export const putLinks = (links: readonly Link[], stated: readonly Link[]): readonly Link[] =>
  stated.reduce((held, link, index) => {
    const linked = held.some(({ integrationId }) => integrationId === link.integrationId)
    return linked ? pointLink(held, link, link.updatedAt) : addLink(held, link, linkField(index))
  }, links)

/**
 * Returns the links with a new one, which the request states in `field`. 400 as `putLinks`, and
 * `DuplicateIntegrationNotAllowed` if the integration is already linked.
 */
export function addLink(links: readonly Link[], added: Link, field: Field): readonly Link[] {
  const { integrationId, vendor } = added
  if (links.some((link) => link.integrationId === integrationId))
    throw duplicate(
      field.at('id'),
      `integrations: the customer is already linked to ${integrationId}`,
    )
  const rival = links.find((link) => link.vendor === vendor)
  if (rival !== undefined && !isBillingVendor(vendor))
    throw duplicate(
      field.at('vendorIdentifier'),
      `integrations: ${integrationId} would be a second ${vendor} link beside ${rival.integrationId}`,
    )
  if (links.length >= LINK_LIMIT)
    throw badInput(
      field,
      `integrations: a customer has at most ${LINK_LIMIT} links`,
      'InvalidArgumentError',
    )
  return [...links, added]
}

/**
 * Returns the links with another record for one of them. If it already has that record, it stays
 * the same object.
 */
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

const duplicate = (field: Field, message: string) =>
  badInput(field, message, 'DuplicateIntegrationNotAllowed')
