import type { App } from '../../app.ts'
import { column, type Reader, row, sql } from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import { firstKeyAt } from '../../kernel/ids.ts'
import { addUnits, floorTo, type Window } from '../../kernel/period.ts'

/** For how many future months partitions are created, in case this fails for a while. */
const MONTHS_AHEAD = 2
/**
 * Attaching a partition waits for transactions that write to the default partition. If it takes too
 * long, it is tried again the next day.
 */
const LOCK_TIMEOUT = '2s'
/**
 * SQLSTATEs with which creating or dropping a partition is given up for now: lock time-out,
 * deadlock, rows of the month in the default partition.
 */
const PASSING = ['55P03', '40P01', '23514']
/** An arbitrary constant. Servers that start together create partitions one after the other. */
const ADVISORY_LOCK = 4_242_002

/**
 * Creates the partitions of records for this month and the next ones. Counting never waits for it:
 * records without a partition go to the default partition, and a month with records there gets no
 * partition.
 */
export async function makePartitions(app: App): Promise<void> {
  const first = floorTo('MONTH', app.clock.now())
  const months = Array.from({ length: MONTHS_AHEAD + 1 }, (_, count): Window => {
    const start = addUnits(first, 'MONTH', count)
    return { start, end: addUnits(start, 'MONTH', 1) }
  })
  await app.db.withClient(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
       where i.inhparent = 'usage_events'::regclass`,
    )
    const known = new Set(rows.map(({ name }) => name))
    for (const month of months.filter(({ start }) => !known.has(nameOf(start)))) {
      await client.query(partitionOf(month)).catch(async (error) => {
        await client.query('rollback')
        if (!PASSING.includes(error.code)) throw error
        const fields = { reason: error.message, month: instantToWire(month.start) }
        app.log.warn(fields, 'no partition of a month')
      })
    }
  })
}

const nameOf = (start: Instant): string =>
  `usage_events_${instantToWire(start).slice(0, 7).replace('-', '_')}`

/**
 * Creates a table and then attaches it, so that writers to other partitions need not wait. The
 * statement contains nothing from a caller; the name and both bounds come from the clock's month.
 */
const partitionOf = ({ start, end }: Window): string => `
  begin;
  set local lock_timeout = '${LOCK_TIMEOUT}';
  select pg_advisory_xact_lock(${ADVISORY_LOCK});
  do $$ begin
    if to_regclass('${nameOf(start)}') is null then
      create table ${nameOf(start)} (like usage_events including all);
      alter table usage_events attach partition ${nameOf(start)}
        for values from ('${firstKeyAt(start)}') to ('${firstKeyAt(end)}');
    end if;
  end $$;
  commit`

/**
 * Returns the last month for which a server with a correct clock has created a partition by `now`.
 */
const lastMonth = (now: Instant): Instant => addUnits(floorTo('MONTH', now), 'MONTH', MONTHS_AHEAD)

const nameRow = row({ name: column.text })
const PARTITION = /^usage_events_(\d{4})_(\d{2})$/

/** Returns the months, in order, whose partitions are too far ahead at `now`. */
export async function partitionsAhead(reader: Reader, now: Instant): Promise<Instant[]> {
  const found = await reader.many(
    nameRow,
    sql`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'usage_events'::regclass order by c.relname`,
  )
  return found
    .flatMap(({ name }) => {
      const [, year, month] = PARTITION.exec(name) ?? []
      return month === undefined ? [] : [Date.UTC(Number(year), Number(month) - 1)]
    })
    .filter((start) => start > lastMonth(now))
}

/**
 * Drops the empty partitions among those that are too far ahead. Waits at most `LOCK_TIMEOUT` for
 * each lock. A partition whose lock is not available in time is dropped the next time.
 */
export async function dropPartitionsAhead(app: App, now: Instant): Promise<void> {
  for (const start of await partitionsAhead(app.db.read, now))
    await app.db.withClient(async (client) => {
      await client.query(dropIfEmpty(start)).catch(async (error) => {
        await client.query('rollback')
        if (!PASSING.includes(error.code)) throw error
      })
    })
}

/**
 * Locks the table before it looks. Otherwise rows might be written between the look and the drop.
 */
const dropIfEmpty = (start: Instant): string => `
  begin;
  set local lock_timeout = '${LOCK_TIMEOUT}';
  select pg_advisory_xact_lock(${ADVISORY_LOCK});
  do $$ begin
    lock table only usage_events in access exclusive mode;
    if not exists (select from ${nameOf(start)}) then
      drop table ${nameOf(start)};
    end if;
  end $$;
  commit`
