import { column, row, type Sql, sql, type Tx } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import { comparison, type RecordKey } from '../metering/rebuild/index.ts'
import { attributionsOf, dropAttributions } from '../metering/records/index.ts'

/**
 * A record or open reservation, by its key, that refers to a missing budget or entity. Earlier
 * versions of the server could create such records after a fail-over.
 */
export type OrphanedAttribution = RecordKey & {
  holder: 'record' | 'reservation'
  what: 'budget' | 'entity'
  key: Uuid
}

const lostRow = row<OrphanedAttribution>({
  eventKey: column.uuid,
  occurredAt: column.instant,
  holder: column.oneOf('record', 'reservation'),
  what: column.oneOf('budget', 'entity'),
  key: column.uuid,
})

const budgetsOf = (customerKey: Uuid): Sql =>
  sql`(select assignment_key from assignments where customer_key = ${customerKey}::uuid)`
const entitiesOf = (customerKey: Uuid): Sql =>
  sql`(select entity_key from entities where customer_key = ${customerKey}::uuid)`

/** Returns the first `limit` orphaned attributions of a customer. */
export const findOrphanedAttributions = comparison(
  lostRow,
  ({ customerKey, limit }) => sql`
    select holder, event_key, occurred_at, what, key, count(*) over () as differing
    from ${attributionsOf(customerKey)} as attribution
    where case what
      when 'budget' then key not in ${budgetsOf(customerKey)}
      else key not in ${entitiesOf(customerKey)} end
    order by event_key, what, key limit ${limit}::integer`,
)

/**
 * Removes orphaned attributions, and the crossed thresholds of missing budgets. The row of the
 * customer's version must be locked. The counters must be rebuilt afterwards.
 */
export async function dropOrphanedAttributions(tx: Tx, customerKey: Uuid): Promise<void> {
  const [budgets, entities] = [budgetsOf(customerKey), entitiesOf(customerKey)]
  await Promise.all([
    dropAttributions(tx, customerKey, { budgets, entities }),
    tx.execute(sql`
      delete from fired_thresholds
      where customer_key = ${customerKey}::uuid and assignment_key not in ${budgets}`),
  ])
}
