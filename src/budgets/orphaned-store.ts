import { column, type Reader, row, type Sql, sql, type Tx } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import { type Comparison, type RecordKey, readComparison } from '../metering/rebuild/index.ts'
import { attributionsOf, dropAttributions } from '../metering/records/index.ts'

/**
 * A record or an open reservation, by its key, that leads to a budget or an entity that is not
 * there. Servers of before versions were UUIDs made such after a fail-over.
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

/** What of a customer leads to what is not there, the first `limit`. */
export async function findOrphanedAttributions(
  reader: Reader,
  customerKey: Uuid,
  limit: number,
): Promise<Comparison<OrphanedAttribution>> {
  return readComparison(
    reader,
    lostRow,
    sql`
    select holder, event_key, occurred_at, what, key, count(*) over () as differing
    from ${attributionsOf(customerKey)} as attribution
    where case what
      when 'budget' then key not in ${budgetsOf(customerKey)}
      else key not in ${entitiesOf(customerKey)} end
    order by event_key, what, key limit ${limit}::integer`,
  )
}

/**
 * Takes out what leads to what is not there, and what was announced of it. The customer's head must
 * be locked; its counters have to be made anew.
 */
export async function dropLostAttributions(tx: Tx, customerKey: Uuid): Promise<void> {
  const [budgets, entities] = [budgetsOf(customerKey), entitiesOf(customerKey)]
  await Promise.all([
    dropAttributions(tx, customerKey, { budgets, entities }),
    tx.execute(sql`
      delete from fired_thresholds
      where customer_key = ${customerKey}::uuid and assignment_key not in ${budgets}`),
  ])
}
