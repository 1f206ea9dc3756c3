import assert from 'node:assert/strict'
import type { App } from '../../src/app.ts'
import {
  column,
  type Database,
  type Reader,
  row,
  type Sql,
  sql,
  type Tx,
  within,
} from '../../src/db/index.ts'
import { rendered, type SqlValue } from '../../src/db/sql.ts'
import { required } from '../../src/kernel/assert.ts'

/**
 * How PostgreSQL plans a statement: `FOR_VALUES` once for each execution, with its values;
 * `FOR_ANY` once for all values. It may cache the second plan.
 */
export const FOR_VALUES = 'force_custom_plan'
export const FOR_ANY = 'force_generic_plan'

/**
 * Turns autovacuum off for all tables. So the tables that a test fills have no statistics, as right
 * after a load, until the test analyses them.
 */
export const leaveUnanalysed = (app: App): Promise<unknown> =>
  app.db.withClient((client) =>
    client.query(`do $$ declare each regclass; begin
      for each in select oid from pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace
      loop execute format('alter table %s set (autovacuum_enabled = false)', each); end loop;
    end $$`),
  )

/** Returns the first statement that a call sends. */
async function statementOf(call: (reader: Reader) => Promise<unknown>): Promise<Sql> {
  const sent: Sql[] = []
  const capture = async (_: unknown, statement: Sql) => {
    sent.push(statement)
    return []
  }
  await call({ many: capture } as unknown as Reader)
  return required(sent[0], 'a statement')
}

type Plan = {
  'Node Type': string
  'Index Name'?: string
  'Plan Rows': number
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Join Filter'?: number
  Plans?: Plan[]
}

/**
 * Returns how many rows of a table a plan read. If it compared more pairs of rows in a join,
 * returns the number of pairs.
 */
const readOf = (plan: Plan, table: string): number =>
  Math.max(
    (plan['Rows Removed by Join Filter'] ?? 0) * plan['Actual Loops'],
    (plan.Plans ?? []).reduce(
      (sum, each) => sum + readOf(each, table),
      plan['Relation Name'] === table
        ? (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
        : 0,
    ),
  )

const outlineOf = (plan: Plan, depth = 0): string =>
  [
    `${' '.repeat(depth)}${plan['Node Type']} ${plan['Index Name'] ?? plan['Relation Name'] ?? ''}`,
    ` ${plan['Plan Rows']} planned, ${plan['Actual Rows']} read, ${plan['Actual Loops']} times\n`,
    ...(plan.Plans ?? []).map((each) => outlineOf(each, depth + 1)),
  ].join('')

/** Returns the text form of a parameter. */
const textOf = (value: SqlValue): string =>
  Array.isArray(value)
    ? `{${value.map((each) => (each === null ? 'NULL' : JSON.stringify(each))).join()}}`
    : String(value)

/** Asserts that a call reads at most `most` rows of each table, with each way of planning. */
export async function readsAtMost(
  { app, tables }: { app: App; tables: readonly string[] },
  most: number,
  call: (reader: Reader) => Promise<unknown>,
  plans: readonly string[] = [FOR_VALUES, FOR_ANY],
): Promise<void> {
  const { text, values } = rendered(await statementOf(call))
  await app.db.withClient(async (client) => {
    await client.query(`prepare planned as ${text}`)
    const given = values.map((value) =>
      value === null ? 'null' : client.escapeLiteral(textOf(value)),
    )
    const execute = given.length === 0 ? 'execute planned' : `execute planned (${given.join(', ')})`
    try {
      for (const mode of plans) {
        await client.query(`set plan_cache_mode = ${mode}`)
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(
          `explain (analyze, timing off, format json) ${execute}`,
        )
        const [plan] = JSON.parse(rows[0]?.['QUERY PLAN'] ?? '[]') as { Plan: Plan }[]
        const { Plan: root } = required(plan, 'a plan')
        for (const table of tables) {
          const read = readOf(root, table)
          assert.ok(read <= most, `${read} rows of ${table}, ${mode}:\n${outlineOf(root)}`)
        }
      }
    } finally {
      await client.query('reset plan_cache_mode; deallocate planned')
    }
  })
}

const readRow = row({ name: column.text, rows: column.integer })

/**
 * Returns the rows that a transaction has read of each table, or of its indexes if that is more.
 */
async function readIn(tx: Tx): Promise<Map<string, number>> {
  const tables = await tx.many(
    readRow,
    sql`
    select coalesce(pg_partition_root(c.oid), c.oid)::regclass::text as name,
      sum(pg_stat_get_xact_tuples_returned(c.oid)
        + greatest(pg_stat_get_xact_tuples_fetched(c.oid), (
          select sum(pg_stat_get_xact_tuples_returned(i.indexrelid))
          from pg_index i where i.indrelid = c.oid)))::integer as rows
    from pg_class c
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
    group by 1`,
  )
  return new Map(tables.map(({ name, rows }) => [name, rows]))
}

const UNDO = new Error('what was only tried')

/** Returns the rows that work reads of each table. What it writes is rolled back. */
export async function rowsRead(
  app: App,
  planMode: string,
  work: (db: Database) => Promise<unknown>,
): Promise<ReadonlyMap<string, number>> {
  const read = new Map<string, number>()
  const tried = async (tx: Tx) => {
    // The reads of parallel workers are not counted for this transaction.
    await tx.execute(sql`
      select set_config('max_parallel_workers_per_gather', '0', true),
        set_config('plan_cache_mode', ${planMode}, true)`)
    const before = await readIn(tx)
    await work(within(tx))
    for (const [name, rows] of await readIn(tx)) read.set(name, rows - (before.get(name) ?? 0))
    throw UNDO
  }
  await app.db.transaction(tried).catch((error) => {
    if (error !== UNDO) throw error
  })
  return read
}
