import type { Database } from './database.ts'

/** A table with fewer rows is read fast, whichever way. */
const LEAST_ROWS = 1000

type Table = { name: string }

/**
 * Analyses the tables that have no statistics, or twice the rows since: what was loaded is planned
 * by guesses until then, and autovacuum comes after a minute at the earliest. Where it is switched
 * off for a table, or somebody is at it already, that one is left alone. Answers the names.
 */
export const analyseGrown = (db: Pick<Database, 'withClient'>): Promise<string[]> =>
  db.withClient(async (client) => {
    const { rows } = await client.query<Table>(`
      select c.oid::regclass::text as name
      from pg_class c join pg_stat_user_tables s on s.relid = c.oid
      where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
        and c.reloptions @> '{autovacuum_enabled=false}' is not true
        and s.n_live_tup >= ${LEAST_ROWS} and (s.n_live_tup >= 2 * c.reltuples
          or coalesce(s.last_analyze, s.last_autoanalyze) is null)`)
    for (const { name } of rows) await client.query(`analyze (skip_locked) ${name}`)
    return rows.map(({ name }) => name)
  })
