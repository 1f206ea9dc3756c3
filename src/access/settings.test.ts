import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld } from '../../test/support/world.ts'

const world = await openWorld()
const UPDATE = 'v1.environment.settings.update'
const RETRIEVE = 'v1.environment.settings.retrieve'

test('settings have their defaults until they are changed, and a change keeps the other settings', async () => {
  const tenant = await world.tenant()
  const atFirst = { unknownDimensions: 'ignore', allowedOrigins: [] }
  assert.deepEqual(await tenant.ok(RETRIEVE), { data: atFirst })
  const allowedOrigins = ['https://b.example.com', 'HTTPS://A.example.com:443/']
  const normal = ['https://a.example.com', 'https://b.example.com']
  const origins = await tenant.ok(UPDATE, { body: { allowedOrigins } })
  assert.deepEqual(origins.data, { unknownDimensions: 'ignore', allowedOrigins: normal })
  const both = { unknownDimensions: 'deny', allowedOrigins: normal }
  assert.deepEqual((await tenant.ok(UPDATE, { body: { unknownDimensions: 'deny' } })).data, both)
  assert.deepEqual((await tenant.ok(UPDATE, { body: {} })).data, both)
  assert.deepEqual((await tenant.ok(RETRIEVE)).data, both)
  const cleared = await tenant.ok(UPDATE, { body: { allowedOrigins: [] } })
  assert.deepEqual(cleared.data, { unknownDimensions: 'deny', allowedOrigins: [] })
})

test('a change publishes an event with the previous values, and a request without a change does not', async () => {
  const tenant = await world.tenant()
  const { id } = tenant
  const body = { allowedOrigins: ['https://b.example', 'https://a.example', 'https://b.example'] }
  await tenant.ok(UPDATE, { body })
  const reordered = [...body.allowedOrigins].reverse()
  await tenant.ok(UPDATE, { body: { unknownDimensions: 'ignore', allowedOrigins: reordered } })
  const announced = (await tenant.announced()).filter(({ type }) => type === 'environment.updated')
  const allowedOrigins = ['https://a.example', 'https://b.example']
  assert.deepEqual(announced, [
    {
      type: 'environment.updated',
      objectId: id,
      before: { id, allowedOrigins: [] },
      after: { id, unknownDimensions: 'ignore', allowedOrigins },
    },
  ])
})

test('an invalid origin is refused by its index, and nothing is written', async () => {
  const tenant = await world.tenant()
  const origins = (count: number) =>
    Array.from({ length: count }, (_, at) => `https://a${at}.example`)
  assert.equal(
    (await tenant.ok(UPDATE, { body: { allowedOrigins: origins(100) } })).data.allowedOrigins
      .length,
    100,
  )
  const before = await tenant.announced()
  for (const [body, message] of [
    [
      { unknownDimensions: 'deny', allowedOrigins: ['https://a.example', 'https://*'] },
      /allowedOrigins\[1\]/,
    ],
    [{ allowedOrigins: origins(101) }, /allowedOrigins/],
    [{ allowedOrigins: [`https://${'a'.repeat(300)}.example`] }, /allowedOrigins\[0\]/],
    [{ allowedOrigins: null }, /allowedOrigins/],
    [{ unknownDimensions: 'refuse' }, /unknownDimensions/],
    [{ unknown: 1 }, /unknown/],
  ] as const)
    await tenant.refused(UPDATE, { body }, { status: 400, code: 'BadUserInput', message })
  assert.deepEqual(await tenant.announced(), before)
})

test('concurrent changes of different settings all take effect', async () => {
  const tenant = await world.tenant()
  await Promise.all([
    tenant.ok(UPDATE, { body: { unknownDimensions: 'deny' } }),
    tenant.ok(UPDATE, { body: { allowedOrigins: ['https://a.example'] } }),
  ])
  assert.deepEqual((await tenant.ok(RETRIEVE)).data, {
    unknownDimensions: 'deny',
    allowedOrigins: ['https://a.example'],
  })
})
