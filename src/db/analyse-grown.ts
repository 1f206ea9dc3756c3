import type { Database } from './types.ts'

/** A table with fewer rows is read fast, whichever way. */
const LEAST_ROWS = 1000

/** For so many times at most a table is left alone that could not be analysed: about an hour. */
const MOST_LEFT = 360

type Table = { name: string }
type Failure = { leftFor: number; left: number }

/**
 * Analyses the tables that have no statistics, or twice the rows since: what was loaded is planned
 * by guesses until then, and autovacuum comes after a minute at the earliest. Where it is switched
 * off for a table, or somebody is at it already, that one is left alone; and one that could not be
 * analysed, such as for want of time, for once, three times, seven times and so on. Answers the
 * names.
 */
export function createAnalyseGrown(db: Pick<Database, 'withClient'>): () => Promise<string[]> {
  const failures = new Map<string, Failure>()
  const isLeft = (name: string): boolean => {
    const failure = failures.get(name)
    if (failure === undefined || failure.left === 0) return false
    failure.left -= 1
    return true
  }
  return () =>
    db.withClient(async (client) => {
      const names = (await client.query<Table>(GROWN)).rows
        .map(({ name }) => name)
        .filter((name) => !isLeft(name))
      for (const name of names) {
        const leftFor = Math.min(2 * (failures.get(name)?.leftFor ?? 0) + 1, MOST_LEFT)
        failures.set(name, { leftFor, left: leftFor })
        await client.query(`analyze (skip_locked) ${name}`)
        failures.delete(name)
      }
      return names
    })
}

const GROWN = `
  select c.oid::regclass::text as name
  from pg_class c join pg_stat_user_tables s on s.relid = c.oid
  where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
    and c.reloptions @> '{autovacuum_enabled=false}' is not true
    and s.n_live_tup >= ${LEAST_ROWS} and (s.n_live_tup >= 2 * c.reltuples
      or coalesce(s.last_analyze, s.last_autoanalyze) is null)`
