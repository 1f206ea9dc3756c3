import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bursar, runCli, urlOf } from '../../test/support/cli-process.ts'
import { testConnection } from '../../test/support/connection.ts'
import { openWorld } from '../../test/support/world.ts'

const world = await openWorld()
const DATABASE_URL = urlOf(testConnection())

test('a new environment has a full-access key and does not see other environments', async () => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' } })
  const id = `${tenant.id}-sandbox`
  const { stdout } = await bursar('environment', 'create', id, '--type', 'SANDBOX')
  const secret = stdout.trim()
  assert.match(secret, /^server-[\w-]{43}$/)
  const list = await tenant.ok('v1.customers.list', { apiKey: secret })
  assert.deepEqual(list.data, [])
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' }, apiKey: secret })
  const shown = JSON.parse((await bursar('environment', 'list', '--json')).stdout)
  assert.deepEqual(
    shown.filter((each: { id: string }) => each.id === id),
    [{ accountId: 'default', id, displayName: id, type: 'SANDBOX' }],
  )
})

test('an environment id is taken only once, whichever account requests it', async () => {
  const tenant = await world.tenant()
  for (const account of ['default', 'another']) {
    const args = ['environment', 'create', tenant.id, '--account', account]
    const { code, stdout, stderr } = await runCli(args, { DATABASE_URL })
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /already exists/)
  }
})

test('a registered integration cannot change its vendor', async () => {
  const { id } = await world.tenant()
  const add = ['integration', 'add', 'billing', '--environment', id, '--vendor']
  await bursar(...add, 'STRIPE')
  await bursar(...add, 'STRIPE')
  const refused = await runCli([...add, 'ZUORA'], { DATABASE_URL })
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /has the vendor STRIPE/)
  assert.equal(
    (await bursar('integration', 'list', '--environment', id)).stdout,
    'ID       VENDOR\nbilling  STRIPE\n',
  )
})

test('with strict integrations, only registered integrations can be linked', async () => {
  const strict = await openWorld({ BURSAR_STRICT_INTEGRATIONS: '1' })
  const tenant = await strict.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' } })
  const link = { id: 'billing', vendorIdentifier: 'STRIPE', syncedEntityId: 'cus_1' }
  const request = { params: { id: 'acme' }, body: link }
  await tenant.refused('v1.customers.integrations.link', request, {
    status: 404,
    code: 'IntegrationNotFound',
  })
  await bursar('integration', 'add', 'billing', '--environment', tenant.id, '--vendor', 'STRIPE')
  await tenant.ok('v1.customers.integrations.link', request)
})

test('the settings of an environment can be shown and changed', async () => {
  const tenant = await world.tenant()
  const { id } = tenant
  const shown = async (...args: string[]) =>
    JSON.parse((await bursar('environment', ...args, '--json')).stdout)
  assert.deepEqual(await shown('show', id), { unknownDimensions: 'ignore', allowedOrigins: [] })
  const origins = ['--allow-origin', 'https://b.example', '--allow-origin', 'https://a.example']
  const both = {
    unknownDimensions: 'deny',
    allowedOrigins: ['https://a.example', 'https://b.example'],
  }
  await bursar('environment', 'update', id, ...origins)
  assert.deepEqual(await shown('update', id, '--unknown-dimensions', 'deny'), both)
  assert.deepEqual((await tenant.ok('v1.environment.settings.retrieve')).data, both)
  assert.equal(
    (await bursar('environment', 'update', id, '--allow-origin', 'none')).stdout,
    'SETTING             VALUE\nunknown dimensions  deny\nallowed origins     none\n',
  )
  for (const [args, code, message] of [
    [[], 2, /nothing to change/],
    [['--unknown-dimensions', 'refuse'], 2, /must be one of ignore, deny/],
    [['--allow-origin', '*'], 1, /allowedOrigins\[0\] must be an origin/],
  ] as const) {
    const refused = await runCli(['environment', 'update', id, ...args], { DATABASE_URL })
    assert.deepEqual([refused.code, refused.stdout], [code, ''])
    assert.match(refused.stderr, message)
  }
})
