import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bursar, runCli, urlOf } from '../../test/support/cli-process.ts'
import { testConnection } from '../../test/support/connection.ts'
import { openWorld } from '../../test/support/world.ts'

const world = await openWorld()

test('the printed link contains a code that signs in to the environment once', async () => {
  const tenant = await world.tenant()
  const options = ['--environment', tenant.id, '--kind', 'read-only', '--url', 'https://b.example/']
  const { stdout, stderr } = await bursar('console', ...options)
  const code = /^https:\/\/b\.example\/sign-in#code=(sign-in-[\w-]{43})\n$/.exec(stdout)?.[1]
  assert.ok(code, stdout)
  assert.ok(!stderr.includes(code))
  const request = { body: { code, name: 'test' }, apiKey: null }
  const { data } = await tenant.ok('v1.signInCodes.exchange', request)
  assert.deepEqual([data.kind, data.origin], ['read-only', 'sign-in'])
  const { actor } =
    (await tenant.ok('v1.audit.list', { query: { type: 'api_key.created' } })).data[0] ?? {}
  assert.equal(actor?.kind, 'CLI')
  const again = { status: 401, code: 'Unauthenticated' }
  await tenant.refused('v1.signInCodes.exchange', request, again)
})

test('the link has the configured address, which must be known', async () => {
  const DATABASE_URL = urlOf(testConnection())
  const tenant = await world.tenant()
  const args = ['console', '--environment', tenant.id]
  const found = await runCli(args, { DATABASE_URL, BURSAR_HOST: '0.0.0.0', BURSAR_PORT: '4321' })
  assert.match(found.stdout, /^http:\/\/127\.0\.0\.1:4321\/sign-in#code=/)
  const unknown = await runCli(args, { DATABASE_URL, BURSAR_PORT: '0' })
  assert.deepEqual([unknown.code, unknown.stdout], [2, ''])
  const publishable = await runCli([...args, '--kind', 'publishable'], { DATABASE_URL })
  assert.equal(publishable.code, 2)
})
