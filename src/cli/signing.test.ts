import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  bursar,
  runCli,
  runCliProcess,
  startCli,
  urlOf,
  workDir,
} from '../../test/support/cli-process.ts'
import { testConnection } from '../../test/support/connection.ts'
import { customerToken } from '../../test/support/customer-token.ts'
import { newDatabase } from '../../test/support/databases.ts'
import { until } from '../../test/support/deadline.ts'
import { openWorld } from '../../test/support/world.ts'

const world = await openWorld()

test('a running server requires customer tokens once the command line enforces them', async () => {
  const tenant = await world.tenant()
  await tenant.ok('v1.customers.provision', { body: { id: 'acme' } })
  const signing = (...args: string[]) => bursar('signing', ...args, '--environment', tenant.id)
  const secret = (await signing('secret')).stdout
  assert.match(secret, /^signing-[\w-]{43}\n$/)
  assert.equal((await signing('secret')).stdout, secret)
  const apiKey = await tenant.newKey('publishable')
  const statusWith = async (headers: Record<string, string>) =>
    (
      await tenant.call('v1.customers.retrieveEntitlements', {
        params: { id: 'acme' },
        apiKey,
        headers,
      })
    ).status
  assert.equal(await statusWith({}), 200)
  await signing('enforce', 'on')
  await until('a key alone is refused', async () => (await statusWith({})) === 401)
  const headers = { 'x-customer-key': customerToken('acme', secret.trim()) }
  assert.equal(await statusWith(headers), 200)
  const renewed = (await signing('secret', '--renew')).stdout
  assert.notEqual(renewed, secret)
  await until('the token is refused', async () => (await statusWith(headers)) === 401)
  await signing('enforce', 'off')
  await until('a key alone is enough', async () => (await statusWith({})) === 200)
})

test('customer tokens cannot be enforced before there is a signing secret', async () => {
  const { id } = await world.tenant()
  const args = ['signing', 'enforce', 'on', '--environment', id]
  const { code, stderr } = await runCli(args, { DATABASE_URL: urlOf(testConnection()) })
  assert.equal(code, 1)
  assert.match(stderr, /signing secret not found/)
})

test('a server that cannot decrypt a stored secret refuses to start, and the doctor gives the reason', async () => {
  const endings: (() => Promise<unknown>)[] = []
  const connection = await newDatabase({ after: (end) => void endings.push(end) })
  const settings = {
    DATABASE_URL: urlOf(connection),
    BURSAR_DATA_DIR: join(workDir, 'sealed'),
    BURSAR_PORT: '0',
  }
  try {
    assert.equal((await runCli(['signing', 'secret'], settings)).code, 0)
    const stranger = { ...settings, BURSAR_SECRET_KEY: 'of-another-machine-altogether' }
    const { code, stderr } = await runCliProcess(['serve'], stranger)
    assert.equal(code, 1)
    assert.match(stderr, /signing secrets of default are sealed with another key/)
    assert.doesNotMatch(stderr, / at /)
    const doctor = await runCli(['doctor'], stranger)
    assert.match(doctor.stdout, /stored secrets.*\n?.*sealed with another key/)
    const known = startCli(['serve'], settings)
    await known.printed(/is listening/)
    known.kill('SIGTERM')
    await known.end
  } finally {
    for (const end of endings) await end()
  }
})
