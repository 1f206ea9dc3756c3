import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../test/support/deadline.ts'
import { openWorldApart } from '../../test/support/world.ts'
import { createAnalyseGrown } from './analyse-grown.ts'

const world = await openWorldApart()
const { db } = world.bursar.app
const analyseGrown = createAnalyseGrown(db)
const run = (text: string) => db.withClient((client) => client.query(text))

/**
 * Creates a table with 1500 rows that autovacuum neither analyses nor vacuums. A vacuum would note
 * the rows that were added since, and the table would have to double once more.
 */
async function loaded(name: string, options: string): Promise<void> {
  await run(`create table ${name} (key integer)
    with (autovacuum_analyze_threshold = 2000000000, autovacuum_vacuum_insert_threshold = -1
      ${options})`)
  await run(`insert into ${name} select generate_series(1, 1500)`)
}

/** Waits until the statistics count the rows, which happens a little after their commit. */
const counted = (name: string, least: number) =>
  until(`${least} rows of ${name} are known`, async () => {
    const { rows } = await run(
      `select 1 from pg_stat_user_tables where relname = '${name}' and n_live_tup >= ${least}`,
    )
    return rows.length > 0
  })

const analysedTimes = async (name: string): Promise<number> => {
  const { rows } = await run(
    `select analyze_count from pg_stat_user_tables where relname = '${name}'`,
  )
  return Number(rows[0]?.analyze_count)
}

test('the server analyses a table after it was loaded and after it has doubled', async () => {
  await loaded('grows', '')
  await until('it is analysed', async () => (await analysedTimes('grows')) >= 1)
  await run('insert into grows select generate_series(1, 1000)')
  await counted('grows', 2500)
  assert.ok(!(await analyseGrown()).includes('grows'))
  const before = await analysedTimes('grows')
  await run('insert into grows select generate_series(1, 1000)')
  await until('it is analysed again', async () => (await analysedTimes('grows')) > before)
})

test('a table without autovacuum is not analysed', async () => {
  await loaded('left_alone', ', autovacuum_enabled = false')
  await counted('left_alone', 1500)
  assert.ok(!(await analyseGrown()).includes('left_alone'))
})

test('a table that cannot be analysed is tried less and less often, until it can be', async () => {
  await world.bursar.jobs.stop()
  const answering = (body: string) =>
    run(`create or replace function read_of(integer) returns integer immutable language plpgsql
      as 'begin ${body} end'`)
  await answering('return 1;')
  await loaded('cannot_be', '')
  // ANALYZE computes the expression of an index for each row of its sample.
  await run('create index on cannot_be (read_of(key))')
  await counted('cannot_be', 1500)
  await answering('raise exception $$cannot be read$$;')
  const tries: boolean[] = []
  for (let time = 0; time < 14; time += 1)
    tries.push(
      await analyseGrown().then(
        () => false,
        () => true,
      ),
    )
  const tried = tries.flatMap((isTried, time) => (isTried ? [time] : []))
  assert.deepEqual(tried, [0, 2, 6])
  await answering('return 1;')
  assert.ok((await analyseGrown()).includes('cannot_be'))
  assert.equal(await analysedTimes('cannot_be'), 1)
})
