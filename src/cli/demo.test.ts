import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { instantFromWire } from '../kernel/clock.ts'
import { readDemoData } from './demo/demo-data.ts'
import { STEPS } from './demo/steps.ts'
import { tourOf } from './demo/tour.ts'
import { runCli } from './testing.ts'

const world = await openWorld()
const url = await world.bursar.server.listen({ host: '127.0.0.1', port: 0 })
const data = await readDemoData()

async function runDemo(tenant: Tenant) {
  const ended = await runCli(['demo', '--url', url], { BURSAR_API_KEY: tenant.key })
  assert.equal(ended.code, 0, ended.stderr)
  return ended
}

test('the demo fills an environment, and a second run changes nothing', async () => {
  const tenant = await world.tenant()
  const { stdout, stderr } = await runDemo(tenant)
  for (const step of STEPS) {
    const count = step.count(data)
    assert.ok(stdout.includes(`${count} ${step.title}`), stdout)
    assert.ok(stderr.includes(`${step.title}: ${count}/${count}`), stderr)
  }
  const announced = await tenant.announced()
  world.clock.moveTo(instantFromWire('2026-05-18T11:00:00.000Z'))
  await runDemo(tenant)
  assert.deepEqual(await tenant.announced(), announced)

  const { data: customers } = await tenant.ok('v1.customers.list')
  assert.equal(customers.length, 3)
  const orrery = customers.find(({ id }) => id === 'orrery')
  assert.deepEqual(orrery?.integrations.map(({ vendorIdentifier }) => vendorIdentifier).sort(), [
    'HUBSPOT',
    'STRIPE',
  ])
})

test('the demo repairs what was changed meanwhile', async () => {
  const tenant = await world.tenant()
  await runDemo(tenant)
  const orrery = { params: { id: 'orrery' } }
  const before = (await tenant.ok('v1.customers.retrieve', orrery)).data
  await tenant.ok('v1.customers.update', { ...orrery, body: { name: 'Somebody else' } })
  await tenant.ok('v1.customers.integrations.update', {
    params: { id: 'orrery', integrationId: 'hubspot-crm' },
    body: { syncedEntityId: null },
  })
  await tenant.ok('v1Beta.customers.entities.archive', {
    ...orrery,
    body: { ids: ['agent-support-responder'] },
  })
  await tenant.ok('v1.customers.archive', orrery)
  await runDemo(tenant)
  const { data: after } = await tenant.ok('v1.customers.retrieve', orrery)
  assert.deepEqual({ ...after, updatedAt: before.updatedAt }, before)
  const agent = await tenant.ok('v1Beta.customers.entities.retrieve', {
    params: { id: 'orrery', entityId: 'agent-support-responder' },
  })
  assert.equal(agent.data.archivedAt, null)
})

test('what the demo data names is there', () => {
  for (const { customerId, entities } of data.entities) {
    const ids = new Set(entities.map(({ id }) => id))
    const types = new Set(data.entityTypes.map(({ id }) => id))
    assert.equal(ids.size, entities.length, `${customerId}: an id stands twice`)
    for (const { id, entityTypeId, metadata } of entities) {
      assert.ok(types.has(entityTypeId ?? ''), `${customerId}: the type of ${id}`)
      for (const name of ['org', 'department', 'team', 'owner', 'lead', 'head', 'model'])
        assert.ok(ids.has(metadata?.[name] ?? id), `${customerId}: the ${name} of ${id}`)
    }
  }
  for (const line of tourOf('http://x', { kind: 'variable' }, '/').filter((each) =>
    each.includes('/orrery/entities/'),
  )) {
    const id = /entities\/([\w-]+)/.exec(line)?.[1]
    assert.ok(data.entities[0]?.entities.some((entity) => entity.id === id))
  }
})

test('without a server, a key or the right to write, the demo says what to do', async () => {
  const tenant = await world.tenant()
  const readOnly = await tenant.newKey('read-only')
  const cases: [string[], number, RegExp][] = [
    [['--url', 'http://127.0.0.1:9', '--key', 'k'], 1, /no server answers .* npm start/],
    [['--url', url], 1, /there is no key in BURSAR_API_KEY or .*api-key/],
    [['--url', url, '--key', 'nobody-knows-this'], 1, /does not know the key of --key/],
    [['--url', url, '--key', readOnly], 1, /answered with 403: a read-only key/],
  ]
  await Promise.all(
    cases.map(async ([args, code, sentence]) => {
      const ended = await runCli(['demo', ...args])
      assert.equal(ended.code, code, ended.stderr)
      assert.match(ended.stderr, sentence)
      assert.equal(ended.stdout, '')
    }),
  )
})

test('the tour names the key without showing it', () => {
  const inside = tourOf('http://h:1', { kind: 'file', file: '/srv/.bursar/api-key' }, '/srv')
  assert.ok(
    inside.includes('curl -s http://h:1/api/v1/customers -H "X-API-KEY: $(cat .bursar/api-key)"'),
  )
  const outside = tourOf('http://h:1', { kind: 'file', file: "/it's/api-key" }, '/srv')
  assert.ok(outside[1]?.endsWith(`"X-API-KEY: $(cat '/it'\\''s/api-key')"`))
})
