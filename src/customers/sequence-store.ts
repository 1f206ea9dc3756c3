import type { RawRow, Reader, Sql, Tx } from '../db/index.ts'
import { column, row, rowsOfAnyNumber, sql } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import { NO_VERSION, type Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Sequences } from '../kernel/sequences.ts'
import type { Call } from '../operation.ts'
import { customerIn } from './customer-store.ts'

/** What statements need that change customers, or that note what a response shows of them. */
export type ChangingCall = Pick<Call, 'scope' | 'state'>

/**
 * Raises the sequence of customers that have changed in a way that no decision depends on. This is
 * the last lock of the transaction. `renewVersion` raises the sequence itself.
 */
export async function raiseSequence(
  tx: Tx,
  call: ChangingCall,
  customerKeys: readonly Uuid[],
): Promise<void> {
  if (customerKeys.length === 0) return
  const raising = tx.many(
    sequencesRow,
    sql`
    insert into customer_heads as head (customer_key, environment_key)
    select customer_key, ${call.scope.environmentKey}::uuid
    from unnest(${customerKeys}::uuid[]) as customer (customer_key)
    order by customer_key
    on conflict (customer_key) do update set ${raised}
    returning ${sequencesOf(call.scope)}`,
  )
  await noteSequence(call, raising)
}

/**
 * Assignments for an upsert of a row `head` of `customer_heads`: the next sequence, and a new usage
 * version. A trigger does this for statements that do not. Its call takes longer than the upsert.
 */
export const raised: Sql = sql`
  usage_version = excluded.usage_version, replaced_usage_version = head.usage_version,
  sequence = head.sequence + 1`

export const sequencesRow = row<Sequences>({
  customer: column.from('customer_sequence', column.integer),
  environment: column.from('environment_sequence', column.integer),
})

/** The columns of `sequencesRow`, of a row `head` of `customer_heads`. */
export const sequencesOf = (scope: Scope): Sql => sql`
  head.sequence as customer_sequence, ${environmentSequence(scope)} as environment_sequence`

/** The columns of `sequencesRow`, of a customer whose key is an expression. */
export const sequencesOfCustomer = (scope: Scope, customerKey: Sql): Sql => sql`
  coalesce((
    select head.sequence from customer_heads head
    where head.customer_key = ${customerKey}), 0) as customer_sequence,
  ${environmentSequence(scope)} as environment_sequence`

/** Notes the state that has a page of a customer's list. For `pageReader`. */
export const stateBeside = ({ scope, state }: ChangingCall, customerKey: Uuid) => ({
  columns: sequencesOfCustomer(scope, sql`${customerKey}::uuid`),
  read: (raw: RawRow): void => state?.note(sequencesRow(raw)),
})

const environmentSequence = ({ environmentKey }: Scope): Sql => sql`
  coalesce((
    select environment.sequence from environment_heads environment
    where environment.environment_key = ${environmentKey}::uuid), 0)`

/** Notes the sequence of the customer that a call has changed, unless it has changed several. */
export async function noteSequence(
  { state }: ChangingCall,
  raising: Promise<readonly Sequences[]>,
): Promise<void> {
  const [first, ...others] = await raising
  if (first !== undefined && others.length === 0) state?.note(first)
}

/**
 * A relation with one row: `environment_version` as `environmentVersionOf`, and
 * `environment_sequence`, which counts the changes of what the customers of an environment share,
 * of its catalog and of its settings. It is 0 before the first one.
 */
export const environmentHeadOf = (environmentKey: Sql): Sql => sql`(
  select coalesce(head.structure_version, ${NO_VERSION}::uuid) as environment_version,
    coalesce(head.sequence, 0) as environment_sequence
  from (select) as one left join environment_heads head on head.environment_key = ${environmentKey}
  limit 1)`

/** A customer as a caller names it. */
export type NamedCustomer = { environmentKey: Uuid; customerId: string }

const namedRow = row({
  environmentKey: column.uuid,
  id: column.text,
  customer: column.from('customer_sequence', column.integer),
  environment: column.from('environment_sequence', column.integer),
})

/**
 * Returns the sequences of distinct customers, in order. That of a customer that does not exist is
 * 0. One statement, with lookups by key only.
 */
export async function readSequences(
  reader: Reader,
  customers: readonly NamedCustomer[],
): Promise<Sequences[]> {
  const found = await reader.many(
    namedRow,
    sql`
    select asked.environment_key, asked.id, environment.environment_sequence,
      coalesce((
        select head.sequence from customer_heads head
        where head.customer_key = ${customerIn(sql`asked.environment_key`, sql`asked.id`)}
      ), 0) as customer_sequence
    from ${rowsOfAnyNumber(customers, {
      environment_key: ['uuid', (customer) => customer.environmentKey],
      id: ['text', ({ customerId }) => customerId],
    })} as asked
      cross join lateral ${environmentHeadOf(sql`asked.environment_key`)} environment`,
  )
  const nameOf = (environmentKey: Uuid, id: string): string => `${environmentKey} ${id}`
  const byName = new Map(
    found.map(({ environmentKey, id, ...sequences }) => [nameOf(environmentKey, id), sequences]),
  )
  return customers.map(({ environmentKey, customerId }) =>
    required(byName.get(nameOf(environmentKey, customerId)), 'the sequences of a customer'),
  )
}
