import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli, urlOf, workDir } from '../../test/support/cli-process.ts'
import { SECRET_KEY, testConnection } from '../../test/support/connection.ts'
import { newDatabase, query } from '../../test/support/databases.ts'
import { openWorld } from '../../test/support/world.ts'
import { readConfig } from '../config.ts'
import { distance, lookAtConfiguration } from './doctor/configuration.ts'
import { formatBytes } from './doctor/data-directory.ts'
import type { Finding } from './doctor/finding.ts'
import { maskUrl } from './mask.ts'

type Report = { ok: boolean; broken: number; warnings: number; findings: Finding[] }

async function examine(settings: Record<string, string>) {
  const { code, stdout, stderr } = await runCli(['doctor', '--json'], settings)
  assert.equal(stderr, '')
  const report = JSON.parse(stdout) as Report
  assert.equal(code, report.ok ? 0 : 1)
  const find = (area: string, name: string) => {
    const found = report.findings.find((each) => each.area === area && each.name === name)
    assert.ok(found, `there is nothing on ${area}: ${name}\n${stdout}`)
    return found
  }
  return { report, stdout, find }
}

test('a healthy installation has no broken finding, and its database is examined', async () => {
  // Other files may have stored secrets in this database, which are sealed with this key.
  const settings = { DATABASE_URL: urlOf(testConnection()), BURSAR_SECRET_KEY: SECRET_KEY }
  const { report, find } = await examine(settings)
  assert.equal(report.broken, 0)
  assert.match(find('Database', 'PostgreSQL').value, /^\d+/)
  assert.match(find('Database', 'migrations').value, /^\d+ applied, 0 pending, 0 newer$/)
  assert.match(find('Program', 'Node').value, /^\d+\.\d+\.\d+ \(\//)
})

test('secrets are never shown, even under a misspelt name, and misspelt names are reported', async () => {
  const { report, stdout, find } = await examine({
    DATABASE_URL: 'postgres://bursar:open-sesame@127.0.0.1:1/bursar?sslpassword=hush-hush',
    BURSAR_API_KEY: 'the-key-of-the-castle',
    BURSAR_APIKEY: 'the-key-of-the-cellar',
    BURSAR_PROT: '5000',
    BURSAR_LOG_LEVEL: 'loud',
  })
  assert.doesNotMatch(stdout, /open-sesame|hush-hush|castle|cellar/)
  assert.equal(
    find('Configuration', 'BURSAR_APIKEY').advice,
    'unknown: did you mean BURSAR_API_KEY?',
  )
  assert.equal(find('Configuration', 'BURSAR_PROT').advice, 'unknown: did you mean BURSAR_PORT?')
  assert.equal(find('Configuration', 'BURSAR_LOG_LEVEL').severity, 'broken')
  assert.match(String(find('Database', 'DATABASE_URL').advice), /ECONNREFUSED/)
  assert.deepEqual([report.broken, report.warnings], [2, 2])
})

test('a read-only database and a pool with more connections than the database has are reported', async (t) => {
  const connection = await newDatabase(t)
  const [found] = await query(connection, 'select current_database() as name')
  const settings = { DATABASE_URL: urlOf(connection), BURSAR_DATABASE_POOL: '500' }
  assert.equal((await examine(settings)).find('Database', 'writing').severity, 'ok')
  const readOnly = `alter database ${found?.name} set default_transaction_read_only = on`
  await query(testConnection(), readOnly)
  const { report, find } = await examine(settings)
  assert.deepEqual([report.ok, find('Database', 'writing').value], [true, 'read-only'])
  const { severity, advice } = find('Database', 'connections')
  assert.equal(severity, 'warning')
  assert.match(String(advice), /a server wants 502/)
})

test('token settings are examined together, and the key set is fetched', async (t) => {
  const keySet = createServer((_, response) => response.end('{"keys": []}')).listen(0, '127.0.0.1')
  await once(keySet, 'listening')
  t.after(() => keySet.close())
  const { port } = keySet.address() as AddressInfo
  const DATABASE_URL = urlOf(await newDatabase(t))
  await runCli(['migrate'], { DATABASE_URL })
  const tokens = {
    DATABASE_URL,
    BURSAR_JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`,
    BURSAR_JWT_ISSUER: 'https://id.example',
    BURSAR_JWT_AUDIENCE: 'bursar',
  }
  const good = await examine(tokens)
  assert.deepEqual([good.report.broken, good.report.warnings], [0, 0])
  assert.match(good.find('Tokens', 'key set').value, /\(0 keys\)$/)

  const { BURSAR_JWT_ISSUER: _, BURSAR_JWT_AUDIENCE: __, ...bare } = tokens
  const lax = await examine({
    ...bare,
    BURSAR_JWT_ANY_AUDIENCE: '1',
    BURSAR_JWT_JWKS_URL: 'http://127.0.0.1:9/keys',
  })
  for (const name of ['issuer', 'audience'])
    assert.equal(lax.find('Tokens', name).severity, 'warning')
  assert.match(String(lax.find('Tokens', 'key set').advice), /cannot be fetched: .*refused/)

  const { find } = await examine(bare)
  assert.equal(find('Configuration', 'BURSAR_JWT_JWKS_URL').severity, 'broken')
})

test('a time in the future is reported together with the command that corrects it', async (t) => {
  const connection = await newDatabase(t)
  const settings = { DATABASE_URL: urlOf(connection) }
  await runCli(['migrate'], settings)
  assert.equal((await examine(settings)).find('Database', 'clock').severity, 'ok')
  await query(
    connection,
    `set session_replication_role = replica;
     insert into customer_heads (customer_key, environment_key, version, decided_at)
     values (gen_random_uuid(), gen_random_uuid(), 0, '2100-01-01T00:00:00Z')`,
  )
  const { find } = await examine(settings)
  const { value, advice } = find('Database', 'from the future')
  assert.match(value, /^1 of customer_heads.decided_at, up to 2100-01-01/)
  assert.match(String(advice), /bursar repair clock/)
})

test('the doctor creates no data directory', async () => {
  const { report, find } = await examine({ BURSAR_DATA_DIR: 'not/there' })
  assert.equal(report.ok, true)
  assert.match(find('Data directory', 'path').value, /not there/)
  assert.match(find('Database', 'embedded').value, /none yet/)
  assert.equal(existsSync(join(workDir, 'not')), false)
})

test('a database that cannot start and a key file that others can read are reported', async () => {
  const dataDir = join(workDir, 'lost')
  mkdirSync(dataDir, { mode: 0o700 })
  writeFileSync(join(dataDir, 'postgres.json'), '{"home":"postgres","isComplete":true}')
  writeFileSync(join(dataDir, 'api-key'), 'server-secret-of-the-file\n')
  chmodSync(join(dataDir, 'api-key'), 0o644)
  const { stdout, find } = await examine({ BURSAR_DATA_DIR: dataDir })
  assert.match(String(find('Database', 'embedded').advice), /is not there any more/)
  assert.match(String(find('Data directory', 'key file').advice), /others can read/)
  assert.doesNotMatch(stdout, /secret-of-the-file/)
})

test('the configuration contains the variables with valid values', () => {
  const env = { BURSAR_PORT: '99999999', BURSAR_HOST: '10.0.0.1', BURSAR_LOG_LEVEL: '' }
  const { config, findings } = lookAtConfiguration(env, '/srv')
  assert.deepEqual(config, readConfig({ BURSAR_HOST: '10.0.0.1' }, '/srv'))
  assert.deepEqual(
    findings.map(({ name, severity }) => [name, severity]),
    [
      ['BURSAR_HOST', 'ok'],
      ['BURSAR_PORT', 'broken'],
    ],
  )
})

test('the password of a URL is never shown', () => {
  const masked = {
    'postgres://u:pw@h:5/d': 'postgres://u:***@h:5/d',
    'postgres://u:p@w:/x@h/d': 'postgres://u:***@h/d',
    'postgres://u@h:5/d': 'postgres://u@h:5/d',
    'postgres://h:5/d': 'postgres://h:5/d',
    'postgres://u@/d?host=%2Frun&password=pw&ssl=1':
      'postgres://u@/d?host=%2Frun&password=***&ssl=1',
    'postgres//u:pw@h/d': '***@h/d',
    'host=h password=pw user=u': 'host=h password=*** user=u',
  }
  for (const [url, expected] of Object.entries(masked)) assert.equal(maskUrl(url), expected)
})

test('the distance of two words counts added, removed and changed letters', () => {
  assert.equal(distance('', 'abc'), 3)
  assert.equal(distance('abc', 'abc'), 0)
  assert.equal(distance('port', 'prot'), 2)
  assert.equal(distance('kitten', 'sitting'), 3)
})

test('sizes are shown in a suitable unit', () => {
  assert.deepEqual([0, 999, 1000, 1_500_000, 2e9, 3e12, 4e15].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.5 MB',
    '2.0 GB',
    '3.0 TB',
    '4000.0 TB',
  ])
})

test('a proxy on this machine that is not configured is found', async (t) => {
  const { server } = (await openWorld()).bursar
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => server.close())
  const settings = { DATABASE_URL: urlOf(testConnection()), BURSAR_PORT: new URL(url).port }
  const findings = async () => (await examine(settings)).report.findings
  const isProxy = ({ area, name }: Finding) => area === 'Server' && name === 'proxy'
  await fetch(`${url}/health/live`)
  assert.deepEqual((await findings()).filter(isProxy), [])
  for (const header of ['x-forwarded-for', 'forwarded'])
    await fetch(`${url}/health/live`, { headers: { [header]: 'for=198.51.100.1' } })
  const [found] = (await findings()).filter(isProxy)
  assert.equal(found?.severity, 'warning')
  assert.match(found.value, /^2 requests came through/)
  assert.match(String(found.advice), /BURSAR_TRUST_PROXY/)
})
