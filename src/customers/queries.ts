import type { VendorIdentifier } from '../api.gen.ts'
import { inPath } from '../kernel/field.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { Call } from '../operation.ts'
import * as customerStore from './customer-store.ts'
import { requireCustomer, unknownCustomer, unknownLink } from './find-customer.ts'
import * as linkStore from './link-store.ts'
import * as resourceStore from './resource-store.ts'
import type { Customer, Link, LinkIds, Resource } from './types.ts'

/** Returns a customer, archived or not. 404 `CustomerNotFound`. */
export async function retrieveCustomer(
  { app, scope }: Call,
  customerId: string,
): Promise<Customer> {
  const customer = await customerStore.findCustomer(app.db.read, scope, customerId)
  if (customer === null) throw unknownCustomer(customerId)
  return customer
}

/** Returns the active customers, newest first. */
export const listCustomers = (
  { app, scope }: Call,
  filter: customerStore.CustomerFilter,
): Promise<Page<Customer>> => customerStore.listCustomers(app.db.read, scope, filter)

/** Returns a link. 404 `CustomerNotFound`, `IntegrationNotFound`. */
export async function retrieveLink({ app, scope }: Call, ids: LinkIds): Promise<Link> {
  const { customerKey, link } = await linkStore.findLink(app.db.read, scope, ids)
  if (customerKey === null) throw unknownCustomer(ids.customerId)
  if (link === null) throw unknownLink(inPath('integrationId'), ids)
  return link
}

/** Returns a customer's links, newest first. `vendors` null is any. 404 `CustomerNotFound`. */
export async function listLinks(
  { app, scope }: Call,
  query: { customerId: string; vendors: readonly VendorIdentifier[] | null; page: PageRequest },
): Promise<Page<Link>> {
  const reader = app.db.read
  const customerKey = await requireCustomer(reader, scope, query.customerId)
  return linkStore.listLinks(reader, customerKey, query)
}

/** Returns a customer's resources, newest first. 404 `CustomerNotFound`. */
export async function listResources(
  { app, scope }: Call,
  query: { customerId: string; page: PageRequest },
): Promise<Page<Resource>> {
  const reader = app.db.read
  const customerKey = await requireCustomer(reader, scope, query.customerId)
  return resourceStore.listResources(reader, customerKey, query.page)
}
