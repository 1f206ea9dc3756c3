import type { App } from '../app.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { firstKeyAt } from '../kernel/ids.ts'
import { addUnits, floorTo, type Window } from '../kernel/period.ts'

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
