import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli, urlOf, workDir } from '../../test/support/cli-process.ts'
import { newDatabase, query } from '../../test/support/databases.ts'
import { until } from '../../test/support/deadline.ts'
import { openPlace } from '../../test/support/server-process.ts'

/** How many listeners this process has, by event. */
const listenerCounts = () =>
  Object.fromEntries(process.eventNames().map((name) => [name, process.listenerCount(name)]))

test('a command leaves no listener and no connection behind, whether it succeeds or not', async (t) => {
  const [source, target] = [await newDatabase(t), await newDatabase(t)]
  const settings = { DATABASE_URL: urlOf(source) }
  const nowhere = { DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:9/nothing' }
  writeFileSync(join(workDir, 'left.csv'), 'id,email,name\na,,\n')
  const unanswered = ['--url', 'http://127.0.0.1:9', '--key', 'k']
  const cases: [string[], Record<string, string>, number][] = [
    [['migrate'], settings, 0],
    [['key', 'list'], settings, 0],
    [['key', 'list'], nowhere, 1],
    [['key', 'list', '--environment', 'nowhere'], settings, 1],
    [['verify'], settings, 0],
    [['repair', 'clock'], settings, 0],
    [['doctor'], settings, 0],
    [['backup', 'left.backup'], settings, 0],
    [['backup', 'left.backup'], settings, 1],
    [['backup', 'other.backup'], nowhere, 1],
    [['restore', 'left.backup'], { DATABASE_URL: urlOf(target) }, 0],
    [['restore', 'left.backup'], { DATABASE_URL: urlOf(target) }, 1],
    [['key', 'list'], { BURSAR_DATA_DIR: openPlace(t).dataDir }, 0],
    [['import', 'customers', 'left.csv', ...unanswered], {}, 1],
    [['demo', '--traffic', '1', ...unanswered], {}, 1],
    [['serve'], { ...nowhere, BURSAR_PORT: '0' }, 1],
  ]
  const before = listenerCounts()
  for (const [args, env, code] of cases) {
    const ended = await runCli(args, env)
    assert.equal(ended.code, code, `${args.join(' ')}: ${ended.stderr}`)
    assert.deepEqual(listenerCounts(), before, args.join(' '))
  }
  for (const connection of [source, target])
    await until('no connection is left', async () => {
      const [found] = await query(connection, OTHERS)
      return found?.count === '0'
    })
})

const OTHERS = `
  select count(*) as count from pg_stat_activity
  where datname = current_database() and backend_type = 'client backend'
    and pid <> pg_backend_pid()`

test('commands run in one process at the same time, each with its own surroundings', async (t) => {
  const connections = [await newDatabase(t), await newDatabase(t)]
  const made = await Promise.all(
    connections.map(async (connection, index) => {
      const settings = { DATABASE_URL: urlOf(connection) }
      const args = ['environment', 'create', `env-${index}`, '--name', `Number ${index}`]
      assert.equal((await runCli(args, settings)).code, 0)
      return (await runCli(['environment', 'list'], settings)).stdout
    }),
  )
  assert.match(String(made[0]), /^env-0 +Number 0 /m)
  assert.match(String(made[1]), /^env-1 +Number 1 /m)
  for (const [index, shown] of made.entries()) assert.ok(!shown.includes(`env-${1 - index}`), shown)
})
