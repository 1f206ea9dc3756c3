import type { App } from '../../app.ts'
import { column, type Reader, row, sql } from '../../db/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import { firstKeyAt } from '../../kernel/ids.ts'
import { addUnits, floorTo, type Window } from '../../kernel/period.ts'

/** Months that have a partition ahead of the present one, in case nothing makes more for long. */
const MONTHS_AHEAD = 2
/** Attaching waits for whoever writes to the default partition; it is tried again the next day. */
const LOCK_TIMEOUT = '2s'
/** Somebody is in the way; the default partition has rows of the month. */
const PASSING = ['55P03', '40P01', '23514']
/** Servers that start together make a month one after the other. Any constant will do. */
const ADVISORY_LOCK = 4_242_002

/**
 * Makes the partitions of records accepted in this month and the next ones. Counting never waits
 * for it: what has no partition goes to the default one, and a month that has rows there stays.
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
 * Made beside and then attached, which nobody who writes to another partition has to wait for. Its
 * text has nothing of a caller: the name and both bounds are made of the clock's month.
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

/** The last month that a clock which is right has made a partition of by `now`. */
const lastMonth = (now: Instant): Instant => addUnits(floorTo('MONTH', now), 'MONTH', MONTHS_AHEAD)

const nameRow = row({ name: column.text })
const PARTITION = /^usage_events_(\d{4})_(\d{2})$/

/** The months that have a partition although they are too far ahead at `now`, in order. */
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
 * Removes the empty ones of them. Whoever is in the way is not waited for: what is left is removed
 * the next time.
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

/** Locked as dropping does, or something might be written to it in between. */
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
