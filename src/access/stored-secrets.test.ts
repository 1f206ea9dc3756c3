import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { customerToken } from '../../test/support/customer-token.ts'
import { newMigratedDatabase } from '../../test/support/databases.ts'
import { openWorld, type World } from '../../test/support/world.ts'
import { lookAtStoredSecrets } from '../cli/doctor/stored-secrets.ts'
import { column, row, sql } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import { secretKeyFileOf } from './sealing-key.ts'
import { signingSecret } from './signing-commands.ts'
import { findEnvironment } from './store.ts'
import { sealStoredSecrets } from './stored-secrets.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'bursar-secrets-'))
const endings: (() => Promise<unknown>)[] = []
const connection = await newMigratedDatabase({ after: (end) => void endings.push(end) })

const OWN = { BURSAR_SECRET_KEY: '', BURSAR_DATA_DIR: dataDir }
const world = await openWorld(OWN, { apart: connection })
after(async () => {
  for (const end of endings) await end()
  rmSync(dataDir, { recursive: true, force: true })
})
const stranger = { BURSAR_SECRET_KEY: 'of-another-machine-altogether' }

const read = { customers: 'v1.customers.retrieve', id: 'acme' } as const

async function signing() {
  const tenant = await world.tenant()
  const { app } = world.bursar
  const environment = required(await findEnvironment(app.db.read, tenant.id), 'the environment')
  await tenant.ok('v1.customers.provision', { body: { id: read.id } })
  const secret = await signingSecret(app, environment, { renew: false })
  const statusOf = async (through: World, token = secret) => {
    const headers = { 'x-customer-key': customerToken(read.id, token) }
    const asked = { params: { id: read.id }, headers }
    return (await tenant.through(through).call(read.customers, asked)).status
  }
  return { tenant, environment, secret, statusOf }
}

const storedRow = row({ secret: column.text })
const stored = async (environmentKey: string) =>
  (
    await world.bursar.app.db.read.one(
      storedRow,
      sql`select secret from signing_secrets where environment_key = ${environmentKey}::uuid`,
    )
  ).secret

test('a secret is sealed with the key from the key file, which only its owner can read', async () => {
  const { environment, secret, statusOf } = await signing()
  assert.match(await stored(environment.environmentKey), /^sealed:1:/)
  assert.equal(statSync(secretKeyFileOf(dataDir)).mode & 0o777, 0o600)
  assert.equal(await signingSecret(world.bursar.app, environment, { renew: false }), secret)
  assert.equal(await statusOf(world), 200)
  assert.equal(await statusOf(world, 'signing-another'), 401)
})

test('a secret that an earlier version stored unencrypted is sealed at the start and keeps working', async () => {
  const { environment, statusOf } = await signing()
  const { environmentKey } = environment
  const { app } = world.bursar
  const plain = 'signing-in-clear'
  await app.db.transaction((tx) =>
    tx.execute(sql`
      update signing_secrets set secret = ${plain}::text
      where environment_key = ${environmentKey}::uuid`),
  )
  const finding = await lookAtStoredSecrets(app.db.read, app.config)
  assert.match(String(finding.advice), /1 not encrypted/)
  const started = await openWorld(OWN, { apart: connection })
  assert.equal(await statusOf(started, plain), 200)
  await sealStoredSecrets(app)
  assert.match(await stored(environmentKey), /^sealed:1:/)
  const restarted = await openWorld(OWN, { apart: connection })
  assert.equal(await statusOf(restarted, plain), 200)
})

test('a server with another sealing key refuses to start and accepts no customer token', async () => {
  const { tenant, environment, statusOf } = await signing()
  const other = await openWorld(stranger, { apart: connection })
  const { app } = other.bursar
  await assert.rejects(sealStoredSecrets(app), {
    name: 'ConfigError',
    message: /sealed with another key: set BURSAR_SECRET_KEY/,
  })
  const finding = await lookAtStoredSecrets(app.db.read, app.config)
  assert.equal(finding.severity, 'broken')
  assert.equal(await statusOf(other), 503)
  const unsigned = await tenant.through(other).call(read.customers, { params: { id: read.id } })
  assert.equal(unsigned.status, 200)
  // If the sealing key is lost, the secret can be renewed.
  await assert.rejects(signingSecret(app, environment, { renew: false }), { name: 'ConfigError' })
  const renewed = await signingSecret(app, environment, { renew: true })
  const again = await openWorld(stranger, { apart: connection })
  assert.equal(await statusOf(again, renewed), 200)
})

test('no table and no event contains a readable secret', async () => {
  const { secret, tenant } = await signing()
  const { app } = world.bursar
  const tableRow = row({ name: column.text })
  const tables = await app.db.read.many(
    tableRow,
    sql`
    select c.oid::regclass::text as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`,
  )
  const textRow = row({ has: column.boolean })
  let looked = 0
  for (const { name } of tables) {
    const looking = {
      text: [`select exists (select from ${name} t where t::text like `, ') as has'],
    }
    const found = await app.db.read.one(textRow, { ...looking, values: [`%${secret}%`] })
    assert.equal(found.has, false, name)
    looked += 1
  }
  assert.ok(looked > 20)
  assert.ok(!(await tenant.call('v1.audit.list', {})).text.includes(secret))
})
