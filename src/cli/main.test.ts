import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCli, runCliProcess, startCli, urlOf } from '../../test/support/cli-process.ts'
import { testConnection } from '../../test/support/connection.ts'
import { openPlace } from '../../test/support/server-process.ts'
import { openTerminal } from '../../test/support/terminal.ts'
import { type Command, UsageError } from './command.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { environmentCommand } from './environment.ts'
import { importCommand } from './import.ts'
import { integrationCommand } from './integration.ts'
import { keyCommand } from './key.ts'
import { migrateCommand } from './migrate.ts'

const UNREACHABLE = 'postgres://nobody:secret@127.0.0.1:9/nothing'
const KEY_ID = '019c0000-0000-7000-8000-000000000000'

const wrong: [Command, string, RegExp][] = [
  [keyCommand, '', /missing: one of create, list, rotate, revoke/],
  [keyCommand, 'toString', /"toString" is not one of create/],
  [keyCommand, 'create --nonsense', /^Unknown option '--nonsense'$/],
  [keyCommand, 'create --name', /argument missing/],
  [keyCommand, 'create --kind admin', /--kind must be one of full-access, /],
  [keyCommand, 'create --expires 2027-02-31', /--expires must be an instant/],
  [keyCommand, 'create --expires 2001-01-01', /--expires is in the past/],
  [keyCommand, 'revoke', /the id of the key is missing/],
  [keyCommand, 'revoke 123', /"123" is not the id of a key/],
  [keyCommand, `revoke ${KEY_ID} x`, /unexpected argument "x"/],
  [keyCommand, `rotate ${KEY_ID} --grace 2h`, /--grace must be one of now, 1h, 24h, 3d, 7d/],
  [environmentCommand, 'create', /the id of the environment is missing/],
  [environmentCommand, 'create x --type PROD', /--type must be one of DEVELOPMENT/],
  [integrationCommand, 'add x', /--vendor is missing/],
  [integrationCommand, 'add x --vendor stripe', /--vendor must be one of AUTH0/],
  [migrateCommand, 'now', /unexpected argument "now"/],
  [doctorCommand, '--all', /Unknown option '--all'/],
  [demoCommand, '--url localhost:4242', /--url must be a URL/],
  [importCommand, '', /missing: one of customers/],
  [importCommand, 'customers', /the file is missing/],
  [importCommand, 'customers a.xlsx', /--format .* csv or ndjson/],
  [importCommand, 'customers a.csv --format xml', /--format must be one of csv, ndjson/],
  [importCommand, 'customers a.csv --from-line 0', /--from-line must be the number of a line/],
]

test('an invalid command line is refused with one sentence before anything is done', async () => {
  const { terminal } = openTerminal({})
  for (const [command, line, sentence] of wrong) {
    const args = line.split(' ').filter((word) => word !== '')
    await assert.rejects(
      async () => command.run(args, terminal),
      (error) => error instanceof UsageError && sentence.test(error.message),
      line,
    )
  }
})

test('wrong usage exits with 2 and writes only to standard error', async () => {
  for (const args of [[], ['nonsense'], ['constructor'], ['key', 'create', '--nonsense']]) {
    const { code, stdout, stderr } = await runCli(args)
    assert.equal(code, 2)
    if (args.length > 0) assert.match(stderr, /^bursar: .*/)
    if (args.length > 0) assert.equal(stdout, '')
  }
})

test('every command has a help text', async () => {
  const { code, stdout } = await runCli(['--help'])
  assert.equal(code, 0)
  for (const command of new Set(wrong.map(([each]) => each))) {
    assert.match(command.usage, /^Usage: bursar \w+/)
    assert.ok(stdout.includes(command.summary))
  }
  const help = await runCli(['key', 'create', '--help'])
  assert.deepEqual(help, { code: 0, stdout: `${keyCommand.usage}\n`, stderr: '' })
})

test('the process prints what its command prints, and exits with its code', async () => {
  const DATABASE_URL = urlOf(testConnection())
  const cases: [args: string[], url: string, code: number, printed: RegExp][] = [
    [['--help'], DATABASE_URL, 0, /^Usage: bursar <command>[^|]*\|$/],
    [['key', 'create', '--nonsense'], DATABASE_URL, 2, /^\|bursar: Unknown option '--nonsense'/],
    [['doctor'], UNREACHABLE, 1, /✗ DATABASE_URL[^|]*\|$/],
    [['restore', 'nothing'], DATABASE_URL, 1, /^\|bursar: ENOENT.* 'nothing'\n$/],
    [['verify', '--environment', 'nowhere'], DATABASE_URL, 1, /^\|bursar: .* nowhere not found/],
    [['import', 'customers', 'no.csv', '--key', 'k'], DATABASE_URL, 1, /^\|bursar: no\.csv cannot/],
  ]
  for (const [args, url, code, printed] of cases) {
    const ended = await runCliProcess(args, { DATABASE_URL: url })
    assert.equal(ended.code, code, ended.stderr)
    assert.match(`${ended.stdout}|${ended.stderr}`, printed)
  }
})

test('a command ends successfully if the reader of its output closes the pipe', async () => {
  const help = startCli(['--help'])
  help.leave()
  assert.deepEqual(await help.end, { code: 0, stdout: '', stderr: '' })
})

test('an unreachable database is reported in one sentence by every command', async () => {
  const settings = { DATABASE_URL: UNREACHABLE }
  await Promise.all(
    [['serve'], ['migrate'], ['key', 'list']].map(async (args) => {
      const { code, stderr } = await runCliProcess(args, settings)
      assert.equal(code, 1)
      assert.match(stderr, /^bursar: the database cannot be reached: connect ECONNREFUSED.*\n$/)
    }),
  )
})

test('a command uses the database of the running server, or starts it', async (t) => {
  const place = openPlace(t)
  const settings = { BURSAR_DATA_DIR: place.dataDir }
  const first = await runCliProcess(['key', 'create', '--name', 'before'], settings)
  assert.equal(first.code, 0, first.stderr)
  assert.deepEqual(place.processes(), [], 'the database was left running')

  const server = await place.start()
  const second = await runCliProcess(['key', 'create', '--name', 'meanwhile'], settings)
  assert.equal(second.code, 0, second.stderr)
  for (const { stdout } of [first, second]) {
    const response = await fetch(`${server.url}/api/v1/customers`, {
      headers: { 'x-api-key': stdout.trim() },
    })
    assert.equal(response.status, 200)
  }
  server.kill('SIGTERM')
  await server.end()

  const listed = await runCliProcess(['key', 'list'], settings)
  assert.match(listed.stdout, /before[\s\S]*meanwhile/)
  assert.deepEqual(place.processes(), [], 'the database was left running')
})
