import type { Reader, Tx } from '../db/index.ts'
import { type ApiError, badInput, notFound } from '../kernel/errors.ts'
import { type Field, inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import * as store from './customer-store.ts'
import type { Customer, LinkIds } from './types.ts'

/** The customer of most operations: the one that their path names. */
const NAMED = inPath('id')

export const unknownCustomer = (customerId: string, field: Field = NAMED): ApiError =>
  notFound(field, 'CustomerNotFound', `customer ${customerId} not found`)

export const unknownLink = (field: Field, { customerId, integrationId }: LinkIds): ApiError =>
  notFound(
    field,
    'IntegrationNotFound',
    `the customer ${customerId} has no integration ${integrationId}`,
  )

export function refuseArchived(
  customer: Pick<Customer, 'id' | 'archivedAt'>,
  field: Field = NAMED,
): void {
  if (customer.archivedAt !== null)
    throw badInput(
      field,
      `the customer ${customer.id} is archived; unarchive it first`,
      'EntityIsArchivedError',
    )
}

/** Returns the key of a customer, archived or not. 404 `CustomerNotFound`. */
export async function requireCustomer(
  reader: Reader,
  scope: Scope,
  customerId: string,
  field: Field = NAMED,
): Promise<Uuid> {
  const key = await store.findCustomerKey(reader, scope, customerId)
  if (key === null) throw unknownCustomer(customerId, field)
  return key
}

/** Returns the key of a customer and when it was archived, if it was. 404 `CustomerNotFound`. */
export async function requireStatus(
  reader: Reader,
  scope: Scope,
  customerId: string,
): Promise<store.CustomerStatus> {
  const found = await store.findStatus(reader, scope, customerId)
  if (found === null) throw unknownCustomer(customerId)
  return found
}

/**
 * Locks a customer until the end of the transaction and returns its key. Nobody else can write to
 * it or archive it meanwhile. 404 `CustomerNotFound`; 400 `EntityIsArchivedError`.
 */
export async function lockActiveCustomer(
  tx: Tx,
  scope: Scope,
  customerId: string,
  field: Field = NAMED,
): Promise<Uuid> {
  const locked = await store.lockCustomer(tx, scope, customerId)
  if (locked === null) throw unknownCustomer(customerId, field)
  refuseArchived({ id: customerId, archivedAt: locked.archivedAt }, field)
  return locked.key
}

/**
 * Returns the key of a customer that is not archived. 404 `CustomerNotFound`; 400
 * `EntityIsArchivedError`.
 */
export async function requireActiveCustomer(
  reader: Reader,
  scope: Scope,
  customerId: string,
  field: Field,
): Promise<Uuid> {
  const found = await store.findStatus(reader, scope, customerId)
  if (found === null) throw unknownCustomer(customerId, field)
  refuseArchived({ id: customerId, archivedAt: found.archivedAt }, field)
  return found.key
}

/** Locks a customer, archived or not, and returns it with its links. 404 `CustomerNotFound`. */
export async function lockAndFind(tx: Tx, scope: Scope, customerId: string): Promise<Customer> {
  // A statement sees what was committed when it began. The second one is sent together with the
  // first but begins once the lock is held, so it sees the latest customer and links.
  const [, customer] = await Promise.all([
    store.lockCustomer(tx, scope, customerId),
    store.findCustomer(tx, scope, customerId),
  ])
  if (customer === null) throw unknownCustomer(customerId)
  return customer
}
