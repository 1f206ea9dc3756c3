import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bursar, runCli, urlOf, workDir } from '../../test/support/cli-process.ts'
import { testConnection } from '../../test/support/connection.ts'
import { assertSameContents, newDatabase, withConnection } from '../../test/support/databases.ts'
import { until, within } from '../../test/support/deadline.ts'

const MAIN = join(import.meta.dirname, 'main.ts')

/** Starts a command without waiting for its end. */
function start(args: string[], settings: Record<string, string>) {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: workDir,
    env: { PATH, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = within(
    `bursar ${args.join(' ')}`,
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  )
  return { child, ended, stderr: () => stderr }
}

const partials = () => readdirSync(workDir).filter((name) => name.endsWith('.partial'))

/** Creates a database with the schema, an environment and a key. */
async function filled(t: { after(work: () => Promise<unknown>): void }) {
  const connection = await newDatabase(t)
  const settings = { DATABASE_URL: urlOf(connection) }
  assert.equal((await runCli(['key', 'create', '--name', 'kept'], settings)).code, 0)
  return { connection, settings }
}

test('backup writes a file that --verify accepts and restore loads into another database', async (t) => {
  const { connection, settings } = await filled(t)
  const made = await runCli(['backup', 'one.backup'], settings)
  assert.equal(made.code, 0, made.stderr)
  assert.match(made.stdout, /^\d+ rows of \d+ tables are in .*one\.backup, \d+ bytes\.\n$/)
  assert.match(made.stderr, /^backed up: (\d+)\/\1\n$/)
  assert.equal(statSync(join(workDir, 'one.backup')).mode & 0o777, 0o600)

  const verified = await runCli(['backup', '--verify', 'one.backup'])
  assert.equal(verified.code, 0, verified.stderr)
  assert.match(
    verified.stdout,
    /one\.backup is whole: \d+ rows .*made at .*schema at migration \d/s,
  )

  const target = await newDatabase(t)
  const restored = await runCli(['restore', 'one.backup', '--into', urlOf(target)])
  assert.equal(restored.code, 0, restored.stderr)
  assert.match(restored.stdout, /^api_keys: 1$/m)
  assert.match(restored.stderr, /restored: (\d+)\/\1\n.*BURSAR_API_KEY/s)
  await assertSameContents(target, connection)

  const again = await runCli(['restore', 'one.backup'], { DATABASE_URL: urlOf(target) })
  assert.equal(again.code, 1)
  assert.match(again.stderr, /already has data \(.*accounts.*\): restore into an empty one/)
  await assertSameContents(target, connection)
})

test('standard output contains nothing but the backup', async (t) => {
  const { settings } = await filled(t)
  const { child, ended, stderr } = start(['backup', '-'], settings)
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  assert.equal(await ended, 0, stderr())
  assert.deepEqual([...Buffer.concat(parts).subarray(0, 2)], [0x1f, 0x8b])
  assert.match(stderr(), /rows of \d+ tables are in the backup\.\n$/)
})

test('a backup fails if the reader of its output goes away or the disk is full', async (t) => {
  const { settings } = await filled(t)
  const { child, ended, stderr } = start(['backup', '-'], settings)
  child.stdout.destroy()
  assert.equal(await ended, 1, stderr())
  assert.match(stderr(), /EPIPE/)
  const full = spawn('sh', ['-c', `"${process.execPath}" "${MAIN}" backup - > /dev/full`], {
    env: { PATH: process.env.PATH, ...settings },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const code = await within('the end', new Promise((resolve) => full.once('close', resolve)))
  assert.equal(code, 1)
})

test('a signal ends a waiting backup, which leaves no file', async (t) => {
  const { connection, settings } = await filled(t)
  await withConnection(connection, async (client) => {
    await client.query('begin; lock table customers in access exclusive mode')
    const { child, ended, stderr } = start(['backup', 'stopped.backup'], settings)
    await until('the backup waits for the lock', async () => {
      const { rows } = await client.query(`select pid from pg_locks
         where not granted and relation = 'customers'::regclass`)
      return rows.length > 0
    })
    assert.equal(partials().length, 1)
    child.kill('SIGTERM')
    assert.equal(await ended, 143, stderr())
  })
  assert.deepEqual(partials(), [])
  assert.equal(readdirSync(workDir).includes('stopped.backup'), false)
})

test('a damaged file is refused before the database is touched', async (t) => {
  await bursar('backup', 'damaged.backup')
  const path = join(workDir, 'damaged.backup')
  truncateSync(path, readFileSync(path).length - 20)
  const verified = await runCli(['backup', '--verify', 'damaged.backup'])
  assert.equal(verified.code, 1)
  assert.match(verified.stderr, /the backup is damaged: it is incomplete/)
  const target = await newDatabase(t)
  const restored = await runCli(['restore', 'damaged.backup', '--into', urlOf(target)])
  assert.equal(restored.code, 1)
  assert.match(restored.stderr, /the backup is damaged/)
  await assertSameContents(target, await newDatabase(t))
})

test('an impossible backup or restore is reported in one sentence', async () => {
  await bursar('backup', 'taken.backup')
  const settings = { DATABASE_URL: urlOf(testConnection()) }
  const cases: [string[], number, RegExp][] = [
    [['backup'], 2, /<file> is missing/],
    [['restore'], 2, /<file> is missing/],
    [['restore', 'x', '--into', 'mysql://x'], 2, /--into must begin with postgres:\/\//],
    [['backup', 'taken.backup'], 1, /taken\.backup already exists: choose another name/],
    [['backup', 'nowhere/x'], 1, /nowhere\/x cannot be written: ENOENT/],
    [['backup', '--verify', 'nothing'], 1, /ENOENT.*'nothing'/],
    [['restore', 'nothing'], 1, /ENOENT.*'nothing'/],
    [['restore', '.'], 1, /EISDIR/],
  ]
  for (const [args, code, sentence] of cases) {
    const ended = await runCli(args, settings)
    assert.equal(ended.code, code, ended.stderr)
    assert.match(ended.stderr, sentence)
    assert.doesNotMatch(ended.stderr, /\n {4}at /)
    assert.equal(ended.stdout, '')
  }
})
