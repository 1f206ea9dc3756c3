import type { Database } from './types.ts'

/** Tables with fewer rows are not analysed, because they are fast with any plan. */
const MIN_ROWS = 1000

/** The maximum number of runs that skip a table after a failed analysis: about an hour. */
const MAX_SKIPS = 360

type Table = { name: string }
type Failure = { skips: number; skipsLeft: number }

/**
 * Returns a function that analyses tables and returns their names. It analyses the tables that have
 * no statistics, or twice as many rows as at their last analysis. Before its analysis, PostgreSQL
 * plans for such a table by guesses, and autovacuum takes a minute or more to start. Tables for
 * which autovacuum is switched off, or which another session locks, are skipped. If the analysis of
 * a table fails, for instance by a timeout, the table is skipped for one run, then for 3, then for
 * 7 and so on.
 */
export function createAnalyseGrown(db: Pick<Database, 'withClient'>): () => Promise<string[]> {
  const failures = new Map<string, Failure>()
  const isSkipped = (name: string): boolean => {
    const failure = failures.get(name)
    if (failure === undefined || failure.skipsLeft === 0) return false
    failure.skipsLeft -= 1
    return true
  }
  return () =>
    db.withClient(async (client) => {
      const names = (await client.query<Table>(GROWN)).rows
        .map(({ name }) => name)
        .filter((name) => !isSkipped(name))
      for (const name of names) {
        const skips = Math.min(2 * (failures.get(name)?.skips ?? 0) + 1, MAX_SKIPS)
        failures.set(name, { skips, skipsLeft: skips })
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
    and s.n_live_tup >= ${MIN_ROWS} and (s.n_live_tup >= 2 * c.reltuples
      or coalesce(s.last_analyze, s.last_autoanalyze) is null)`
