import type pg from 'pg'

/** An arbitrary number. No other program may use it as an advisory lock in the same database. */
export const MIGRATION_LOCK = 4_242_001

type Session = { pid: string; program: string | null; role: string | null; since: string | null }

const SESSION = `a.pid, nullif(a.application_name, '') as program, a.usename as role,
  date_trunc('second', a.xact_start) as since`

/**
 * Returns the session that holds the lock for migrations, as readable text, or null if none does.
 */
export async function lockHolder(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<Session>(
    `select ${SESSION} from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.classid = 0
       and l.objid = $1 and l.database = (select oid from pg_database
         where datname = current_database())
     order by a.pid limit 1`,
    [MIGRATION_LOCK],
  )
  return rows[0] === undefined ? null : nameOf(rows[0])
}

/** Returns up to 3 sessions that block the given one, as readable text, or null if none does. */
export async function blockersOf(client: pg.Client, pid: number): Promise<string | null> {
  const { rows } = await client.query<Session>(
    `select ${SESSION} from unnest(pg_blocking_pids($1)) as blocking (pid)
     join pg_stat_activity a using (pid) order by a.xact_start limit 3`,
    [pid],
  )
  return rows.length === 0 ? null : rows.map(nameOf).join(' and ')
}

/** PostgreSQL shows the program of another role's session only to a privileged role. */
function nameOf({ pid, program, role, since }: Session): string {
  const facts = [
    program,
    role === null ? null : `role ${role}`,
    since === null ? null : `in a transaction since ${since}`,
  ].filter((fact) => fact !== null)
  return `session ${pid} (${facts.join(', ')})`
}
