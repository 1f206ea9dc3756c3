import type { Currency, Passthrough, PaymentMethod } from '../api.gen.ts'
import type { Reader, Sql, Tx } from '../db/index.ts'
import {
  candidateColumns,
  column,
  nothing,
  pageReader,
  readValue,
  row,
  rows,
  rowWriter,
  searchReader,
  sql,
  textOfEmail,
  textsOf,
  togetherReader,
} from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { CreatedRange } from '../kernel/created-range.ts'
import { foldCase } from '../kernel/fold-case.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Metadata } from '../kernel/metadata.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import { type DirectoryKind, ownerOf } from './directory-store.ts'
import type { Customer, Link } from './types.ts'

/** The kind of customers' own ids in the directory. */
export const KIND = 'customer'

/** A scalar subquery: the key of the customer with an id; null if there is none. */
export const customerNamed = (scope: Scope, customerId: string): Sql =>
  customerIn(sql`${scope.environmentKey}::uuid`, sql`${customerId}::text`)

/** As `customerNamed`, for an environment and an id that are expressions. */
export const customerIn = (environmentKey: Sql, customerId: Sql): Sql =>
  ownerOf(environmentKey, KIND, customerId)

/** A relation for statements of other modules: the customer whose key is an expression. */
export const customerWithKey = (customerKey: Sql): Sql =>
  sql`(select customer_key, id, archived_at from customers where customer_key = ${customerKey})`

/** A subquery: the keys of the customers with any of the ids. */
const customersNamed = (scope: Scope, customerIds: readonly string[]): Sql => sql`(
  select customer_key from directory
  where environment_key = ${scope.environmentKey}::uuid and kind = ${KIND}::text
    and id = any(${customerIds}::text[]))`

export const findCustomerKey = (
  reader: Reader,
  scope: Scope,
  customerId: string,
): Promise<Uuid | null> =>
  readValue(reader, column.nullable(column.uuid), sql`select ${customerNamed(scope, customerId)}`)

/** Returns the id of the customer that an id belongs to; null if that is free. */
export const findOwnerId = (
  reader: Reader,
  { environmentKey }: Scope,
  { kind, id }: { kind: DirectoryKind; id: string },
): Promise<string | null> => {
  const owner = ownerOf(sql`${environmentKey}::uuid`, kind, sql`${id}::text`)
  const named = sql`select (select id from ${customerWithKey(owner)} owner)`
  return readValue(reader, column.nullable(column.text), named)
}

const namedRow = row({ id: column.text, customerKey: column.uuid })

/** Returns the keys of customers by id, archived ones too. Unknown ids are left out. */
export async function findCustomerKeys(
  reader: Reader,
  scope: Scope,
  customerIds: readonly string[],
): Promise<ReadonlyMap<string, Uuid>> {
  const found = await reader.many(
    namedRow,
    sql`
    select id, customer_key from directory
    where environment_key = ${scope.environmentKey}::uuid and kind = ${KIND}::text
      and id = any(${customerIds}::text[])`,
  )
  return new Map(found.map(({ id, customerKey }) => [id, customerKey]))
}

const archivedRow = row({ customerKey: column.uuid })

/** Returns which of the customers are archived. */
export async function archivedAmong(
  reader: Reader,
  customerKeys: readonly Uuid[],
): Promise<ReadonlySet<Uuid>> {
  const found = await reader.many(
    archivedRow,
    sql`
    select customer_key from customers
    where customer_key = any(${customerKeys}::uuid[]) and archived_at is not null`,
  )
  return new Set(found.map(({ customerKey }) => customerKey))
}

/** What determines whether a customer may be changed. */
export type CustomerStatus = { key: Uuid; archivedAt: Instant | null }

const statusRow = row<CustomerStatus>({
  key: column.from('customer_key', column.uuid),
  archivedAt: column.nullable(column.instant),
})

const selectStatus = (scope: Scope, customerId: string): Sql => sql`
  select customer_key, archived_at from customers
  where customer_key = ${customerNamed(scope, customerId)}`

export const findStatus = (
  reader: Reader,
  scope: Scope,
  customerId: string,
): Promise<CustomerStatus | null> => reader.maybeOne(statusRow, selectStatus(scope, customerId))

/** Serializes the writes of a customer. Returns the row as it is once the lock is held. */
export const lockCustomer = (
  tx: Tx,
  scope: Scope,
  customerId: string,
): Promise<CustomerStatus | null> =>
  tx.maybeOne(statusRow, sql`${selectStatus(scope, customerId)} for no key update`)

/** Locks a customer whose key is known. Returns the number of rows, 0 or 1. */
export const lockCustomerByKey = (tx: Tx, customerKey: Uuid): Promise<number> =>
  tx.execute(sql`
    select customer_key from customers
    where customer_key = ${customerKey}::uuid for no key update`)

/** Like `lockCustomerByKey`, but does not wait. Returns 0 if another transaction has the lock. */
export const lockCustomerIfFree = (tx: Tx, customerKey: Uuid): Promise<number> =>
  tx.execute(sql`
    select customer_key from customers
    where customer_key = ${customerKey}::uuid for no key update skip locked`)

/** Locks several customers, one after the other in the order of their ids. */
export const lockCustomers = (
  tx: Tx,
  scope: Scope,
  customerIds: readonly string[],
): Promise<number> =>
  tx.execute(sql`
    select customer_key from customers
    where customer_key in ${customersNamed(scope, customerIds)}
    order by id for no key update`)

const customerRow = row<Customer>({
  key: column.from('customer_key', column.uuid),
  id: column.text,
  name: column.nullable(column.text),
  email: column.nullable(column.text),
  billingId: column.nullable(column.text),
  billingCurrency: column.nullable(column.text as column.Decode<Currency>),
  language: column.nullable(column.text),
  timezone: column.nullable(column.text),
  defaultPaymentMethod: column.nullable(column.json<PaymentMethod>()),
  passthrough: column.nullable(column.json<Passthrough>()),
  metadata: column.json<Metadata>(),
  links: column.json<Link[]>(),
  createdAt: column.instant,
  updatedAt: column.instant,
  archivedAt: column.nullable(column.instant),
})

/** Reads customers with their links in one statement, so that both are of one instant. */
const selectCustomers = sql`
  select c.customer_key, c.id, c.name, c.email, c.billing_id, c.billing_currency, c.language,
    c.timezone, c.default_payment_method, c.passthrough, c.metadata, c.created_at, c.updated_at,
    c.archived_at, (
      select coalesce(json_agg(json_build_object('key', l.link_key,
        'integrationId', l.integration_id, 'vendor', l.vendor,
        'syncedEntityId', l.synced_entity_id,
        'createdAt', (extract(epoch from l.created_at) * 1000)::bigint,
        'updatedAt', (extract(epoch from l.updated_at) * 1000)::bigint) order by l.link_key), '[]')
      from customer_integrations l where l.customer_key = c.customer_key) as links
  from customers c`

/** Returns a customer, archived or not; null if there is none. */
export async function findCustomer(
  reader: Reader,
  scope: Scope,
  customerId: string,
): Promise<Customer | null> {
  return reader.maybeOne(
    customerRow,
    sql`${selectCustomers} where c.customer_key = ${customerNamed(scope, customerId)}`,
  )
}

/**
 * Returns customers by id, archived ones too, in no particular order; null if they are too large
 * together.
 */
export const findCustomers = togetherReader(
  customerRow,
  (scope: Scope, customerIds: readonly string[]) =>
    sql`${selectCustomers} where c.customer_key in ${customersNamed(scope, customerIds)}`,
)

export type CustomerFilter = {
  email: string | null
  name: string | null
  created: CreatedRange
  page: PageRequest
}

/** The indexes contain the digest. The text itself is compared as well. */
const sameText = (field: Sql, text: string | null): Sql | null =>
  text === null ? null : sql`md5(${field}) = md5(${text}::text) and ${field} = ${text}::text`

/** Returns the active customers, newest first. */
export const listCustomers = pageReader(
  (scope: Scope, { email, name, created, page }: CustomerFilter) => ({
    row: customerRow,
    select: selectCustomers,
    table: sql`customers c`,
    of: sql`c.environment_key = ${scope.environmentKey}::uuid`,
    where: [sql`c.archived_at is null`, sameText(sql`c.email`, email), sameText(sql`c.name`, name)],
    created,
    large: [sql`passthrough`, sql`default_payment_method`, sql`metadata`, sql`links`],
    key: sql`c.customer_key`,
    page,
  }),
)

/** The customers to iterate over; null is any. */
export type Walk = { environmentKey: Uuid | null; customerId: string | null }

const walked = ({ environmentKey, customerId }: Walk): Sql => sql`
  from customers
  where true
    ${environmentKey === null ? nothing : sql`and environment_key = ${environmentKey}::uuid`}
    ${customerId === null ? nothing : sql`and id = ${customerId}::text`}`

const walkedRow = row({
  key: column.from('customer_key', column.uuid),
  environmentKey: column.uuid,
  id: column.text,
})

/** Returns the first `limit` customers after a key, in the order of keys, archived ones too. */
export async function walkCustomers(
  reader: Reader,
  walk: Walk,
  { after, limit }: { after: Uuid | null; limit: number },
): Promise<{ key: Uuid; environmentKey: Uuid; id: string }[]> {
  return reader.many(
    walkedRow,
    sql`
    select customer_key, environment_key, id ${walked(walk)}
      ${after === null ? nothing : sql`and customer_key > ${after}::uuid`}
    order by customer_key limit ${limit}::integer`,
  )
}

/** Returns the number of customers of a walk. */
export const countCustomers = (reader: Reader, walk: Walk): Promise<number> =>
  readValue(reader, column.integer, sql`select count(*) ${walked(walk)}`)

/** Returns customers whose id, e-mail address or name has a beginning; some several times. */
export const customersBeginning = searchReader({
  row: row({ ...candidateColumns, email: column.nullable(column.text) }),
  columns: sql`
    customer_key as key, id, name as display_name, email, archived_at is not null as is_archived`,
  table: sql`customers`,
  texts: [...textsOf(sql`id`, sql`folded_name`, sql`name`), textOfEmail(sql`email`)],
})

/** Writes new and changed customers. `saveLinks` writes their links. */
export const saveCustomers = rowWriter<Scope, Customer>(
  (scope, customers) => sql`
    insert into customers (customer_key, environment_key, id, name, folded_name, email, billing_id,
      billing_currency, language, timezone, default_payment_method, passthrough, metadata,
      created_at, updated_at, archived_at)
    select key, ${scope.environmentKey}::uuid, id, name, folded_name, email, billing_id,
      billing_currency, language, timezone, payment_method, passthrough, metadata, created_at,
      updated_at, archived_at
    from ${rows(customers, {
      key: ['uuid', ({ key }) => key],
      id: ['text', ({ id }) => id],
      name: ['text', ({ name }) => name],
      folded_name: ['text', ({ name }) => name && foldCase(name)],
      email: ['text', ({ email }) => email],
      billing_id: ['text', ({ billingId }) => billingId],
      billing_currency: ['text', ({ billingCurrency }) => billingCurrency],
      language: ['text', ({ language }) => language],
      timezone: ['text', ({ timezone }) => timezone],
      payment_method: ['jsonb', ({ defaultPaymentMethod }) => jsonOf(defaultPaymentMethod)],
      passthrough: ['jsonb', ({ passthrough }) => jsonOf(passthrough)],
      metadata: ['jsonb', ({ metadata }) => jsonOf(metadata)],
      created_at: ['timestamptz', ({ createdAt }) => createdAt],
      updated_at: ['timestamptz', ({ updatedAt }) => updatedAt],
      archived_at: ['timestamptz', ({ archivedAt }) => archivedAt],
    })} as customer
    on conflict (customer_key) do update set
      name = excluded.name, folded_name = excluded.folded_name, email = excluded.email,
      billing_id = excluded.billing_id,
      billing_currency = excluded.billing_currency, language = excluded.language,
      timezone = excluded.timezone, default_payment_method = excluded.default_payment_method,
      passthrough = excluded.passthrough, metadata = excluded.metadata,
      updated_at = excluded.updated_at, archived_at = excluded.archived_at`,
)

const jsonOf = (value: object | null): string | null => value && JSON.stringify(value)
