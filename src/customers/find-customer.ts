import type { Reader, Tx } from '../db/index.ts'
import { type ApiError, badInput, notFound } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import * as store from './customer-store.ts'
import type { Customer, LinkIds } from './types.ts'

export const unknownCustomer = (customerId: string): ApiError =>
  notFound('CustomerNotFound', `customer ${customerId} not found`)

export const unknownLink = ({ customerId, integrationId }: LinkIds): ApiError =>
  notFound('IntegrationNotFound', `the customer ${customerId} has no integration ${integrationId}`)

export function refuseArchived(customer: Pick<Customer, 'id' | 'archivedAt'>): void {
  if (customer.archivedAt !== null)
    throw badInput(
      `the customer ${customer.id} is archived; unarchive it first`,
      'EntityIsArchivedError',
    )
}

/** The key of a customer, archived or not. 404 `CustomerNotFound`. */
export async function requireCustomer(
  reader: Reader,
  scope: Scope,
  customerId: string,
): Promise<Uuid> {
  const key = await store.findCustomerKey(reader, scope, customerId)
  if (key === null) throw unknownCustomer(customerId)
  return key
}

/** The same with when the customer was archived, if it was. */
export async function requireStanding(
  reader: Reader,
  scope: Scope,
  customerId: string,
): Promise<store.CustomerStatus> {
  const found = await store.findStanding(reader, scope, customerId)
  if (found === null) throw unknownCustomer(customerId)
  return found
}

/**
 * The key of a customer that nobody else can write to, or archive, before this transaction ends.
 * 404 `CustomerNotFound`; 400 `EntityIsArchivedError`.
 */
export async function lockActiveCustomer(tx: Tx, scope: Scope, customerId: string): Promise<Uuid> {
  const locked = await store.lockCustomer(tx, scope, customerId)
  if (locked === null) throw unknownCustomer(customerId)
  refuseArchived({ id: customerId, archivedAt: locked.archivedAt })
  return locked.key
}

/** A customer with its links, locked as by `lockActiveCustomer`, archived or not. 404. */
export async function lockedCustomer(tx: Tx, scope: Scope, customerId: string): Promise<Customer> {
  // Each statement sees what was committed when it began: the second one is sent along with the
  // first, runs when the lock is held, and so sees the newest customer and its newest links.
  const [, customer] = await Promise.all([
    store.lockCustomer(tx, scope, customerId),
    store.findCustomer(tx, scope, customerId),
  ])
  if (customer === null) throw unknownCustomer(customerId)
  return customer
}
