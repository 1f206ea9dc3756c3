import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runCli, startCli } from '../../test/support/cli-process.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { instantFromWire } from '../kernel/clock.ts'
import { readDemoData } from './demo/demo-data.ts'
import { STEPS } from './demo/steps.ts'
import { tourOf } from './demo/tour.ts'

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
  const file = fileURLToPath(new URL('../../demo/catalog.yaml', import.meta.url))
  const planned = await runCli(['catalog', 'plan', file, '--url', url], {
    BURSAR_API_KEY: tenant.key,
  })
  assert.equal(planned.code, 0, planned.stdout + planned.stderr)
  const { data: subscriptions } = await tenant.ok('v1.subscriptions.list')
  assert.deepEqual(
    subscriptions
      .map(({ customerId, planId, status }) => `${customerId} ${planId} ${status}`)
      .sort(),
    [
      'kestrel-fenn starter ACTIVE',
      'kestrel-fenn team CANCELED',
      'orrery scale ACTIVE',
      'orrery team CANCELED',
      'portolan scale NOT_STARTED',
      'portolan team IN_TRIAL',
    ],
  )
})

test('the demo restores data that was changed since the last run', async () => {
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
  const contractor = { entityId: 'user-jonas-desai', featureId: 'ai-tokens' }
  await tenant.ok('v1Beta.customers.assignments.upsert', {
    ...orrery,
    body: { assignments: [{ ...contractor, usageLimit: 1, cadence: 'P1Y' }] },
  })
  await tenant.ok('v1.customers.promotionalEntitlements.revoke', {
    params: { id: 'orrery', featureId: 'agent-runs' },
  })
  await tenant.ok('v1.features.updateFeature', {
    params: { id: 'ai-tokens' },
    body: { displayName: 'Something else' },
  })
  const team = { params: { id: 'team' } }
  await tenant.ok('v1.plans.createDraft', team)
  await tenant.ok('v1.plans.update', { ...team, body: { displayName: 'Group' } })
  await tenant.ok('v1.plans.publish', { ...team, body: { migrationType: 'NEW_CUSTOMERS' } })
  await tenant.ok('v1.customers.archive', orrery)
  await runDemo(tenant)
  const { data: after } = await tenant.ok('v1.customers.retrieve', orrery)
  assert.deepEqual({ ...after, updatedAt: before.updatedAt }, before)
  const agent = await tenant.ok('v1Beta.customers.entities.retrieve', {
    params: { id: 'orrery', entityId: 'agent-support-responder' },
  })
  assert.equal(agent.data.archivedAt, null)
  const { data: budgets } = await tenant.ok('v1Beta.customers.assignments.list', {
    ...orrery,
    query: 'entityId=user-jonas-desai',
  })
  const wanted = data.budgets[0]?.budgets.find(({ entityId }) => entityId === contractor.entityId)
  assert.deepEqual(
    budgets.map(({ usageLimit, cadence, parentId }) => ({ usageLimit, cadence, parentId })),
    [{ usageLimit: wanted?.usageLimit, cadence: 'PT1M', parentId: 'team-reasoning' }],
  )
  const runs = await tenant.ok('v1.customers.checkEntitlement', {
    ...orrery,
    query: 'featureId=agent-runs',
  })
  assert.equal(runs.data.isGranted, true)
  const tokens = await tenant.ok('v1.features.retrieveFeature', { params: { id: 'ai-tokens' } })
  assert.equal(tokens.data.displayName, 'AI tokens')
  assert.equal((await tenant.ok('v1.plans.retrieve', team)).data.displayName, 'Team')
})

test('the demo data names only objects that it contains', () => {
  for (const { customerId, entities } of data.entities) {
    const ids = new Set(entities.map(({ id }) => id))
    const types = new Set(data.entityTypes.map(({ id }) => id))
    assert.equal(ids.size, entities.length, `${customerId}: an id stands twice`)
    for (const { id, entityTypeId, metadata } of entities) {
      assert.ok(types.has(entityTypeId ?? ''), `${customerId}: the type of ${id}`)
      for (const name of ['org', 'department', 'team', 'owner', 'lead', 'head', 'model'])
        assert.ok(ids.has(metadata?.[name] ?? id), `${customerId}: the ${name} of ${id}`)
    }
    const budgets = data.budgets.find((each) => each.customerId === customerId)?.budgets ?? []
    const features = new Set((data.catalog.features ?? []).map(({ id }) => id))
    for (const { entityId, parentId, featureId = '', scopeEntityIds = [] } of budgets) {
      for (const id of [entityId, parentId ?? entityId, ...scopeEntityIds])
        assert.ok(ids.has(id), `${customerId}: ${id} of a budget`)
      assert.ok(features.has(featureId), `${customerId}: ${featureId} of a budget`)
    }
  }
})

test('the AI company has 300 users and agents in 25 teams, and budgets on four levels', () => {
  const { entities = [] } = data.entities.find((each) => each.customerId === 'orrery') ?? {}
  const { budgets = [] } = data.budgets.find((each) => each.customerId === 'orrery') ?? {}
  const count = (type: string) => entities.filter((each) => each.entityTypeId === type).length
  assert.deepEqual(['department', 'team', 'user', 'agent'].map(count), [6, 25, 199, 101])
  const parents = new Map(
    budgets.flatMap(({ entityId, parentId }) =>
      parentId == null ? [] : [[entityId, parentId] as const],
    ),
  )
  const levelOf = (id: string): number => 1 + (parents.has(id) ? levelOf(parents.get(id) ?? '') : 0)
  assert.deepEqual([...new Set(budgets.map(({ entityId }) => levelOf(entityId)))], [1, 2, 3, 4])
  const cadences = new Set(budgets.map(({ cadence }) => cadence))
  assert.deepEqual([...cadences].sort(), ['P1D', 'P1M', 'P1W', 'PT15M', 'PT1H', 'PT1M', 'PT5M'])
})

test('without a server, a key or permission to write, the demo says what to do', async () => {
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
    inside.includes('curl -sg http://h:1/api/v1/customers -H "X-API-KEY: $(cat .bursar/api-key)"'),
  )
  const outside = tourOf('http://h:1', { kind: 'file', file: "/it's/api-key" }, '/srv')
  assert.ok(outside[1]?.endsWith(`"X-API-KEY: $(cat '/it'\\''s/api-key')"`))
})

type Sent = { status: number; data: Record<string, unknown> }

/** Sends the request of a tour command by `fetch`. A shell splits the command into words. */
async function sendAsTold(line: string, env: Record<string, string>): Promise<Sent> {
  const shell = spawnSync('sh', ['-c', `curl() { printf '%s\\0' "$@"; }; ${line}`], { env })
  const words = shell.stdout.toString().split('\0').slice(0, -1)
  const valuesOf = (flag: string) =>
    words.flatMap((word, place) => (words[place - 1] === flag ? [word] : []))
  const [body] = valuesOf('-d')
  const headers = valuesOf('-H').map((header) => header.split(': ') as [string, string])
  const post = body === undefined ? {} : { method: 'POST', body }
  const target = words.find((word) => word.startsWith('http')) ?? ''
  const response = await fetch(target, { headers, ...post })
  return { status: response.status, data: ((await response.json()) as Sent).data }
}

test('every command of the tour does what the line above it says', async () => {
  const tenant = await world.tenant()
  await runDemo(tenant)
  const lines = tourOf(url, { kind: 'variable' }, '/').filter((line) => line.startsWith('curl'))
  const answers = new Map<string, Sent>()
  for (const line of lines) {
    const sent = await sendAsTold(line, { BURSAR_API_KEY: tenant.key })
    assert.ok(sent.status < 300, `${line} was answered with ${sent.status}`)
    answers.set(line, sent)
  }
  const told = (words: string) =>
    [...answers].find(([line]) => line.includes(words))?.[1].data ?? assert.fail(words)
  assert.equal(told('/check?featureId=ai-tokens').isGranted, true)
  const chains = told('/consume').chains as { entityId: string; currentUsage: number }[][]
  assert.deepEqual(
    chains[0]?.map(({ entityId }) => entityId).filter((id, at, all) => id !== all[at - 1]),
    ['user-jonas-desai', 'team-reasoning', 'dept-research', 'org-orrery'],
  )
  assert.ok(chains.flat().every(({ currentUsage }) => currentUsage === 5000))
  assert.equal(told('/explain').isGranted, false)
  assert.equal(told('featureId=agent-runs').currentUsage, 1)
  assert.equal((told('/governance') as unknown as unknown[]).length, 10)
})

test('traffic shows which budget denies and when it no longer does, and ends on a signal', async () => {
  const tenant = await world.tenant()
  const traffic = startCli(['demo', '--url', url, '--traffic', '400'], {
    BURSAR_API_KEY: tenant.key,
  })
  await traffic.printed(/^blocked .*, until \d\d:\d\d:00 UTC$/m)
  world.clock.moveTo(world.clock.now() + 3_600_000)
  await traffic.printed(/^free {5}.*, after \d+ s$/m)
  traffic.kill('SIGINT')
  const ended = await traffic.end
  assert.equal(ended.code, 0, ended.stderr)
  const [, granted, denied] =
    /^([\d,]+) granted, ([\d,]+) denied \(\d+%\), 0 failed$/m.exec(ended.stdout) ??
    assert.fail(ended.stdout)
  assert.match(ended.stdout, /^budgets that denied: \d+, that block now: \d+$/m)
  assert.match(ended.stderr, /\/s {2}granted .* {2}p50 .* {2}p99 /)
  assert.ok(Number(granted?.replaceAll(',', '')) > 0 && denied !== '0')
})

test('traffic ends after the given number of seconds', async () => {
  const tenant = await world.tenant()
  const args = ['demo', '--url', url, '--traffic', '20', '--seconds', '1']
  const ended = await runCli(args, { BURSAR_API_KEY: tenant.key })
  assert.equal(ended.code, 0, ended.stderr)
  assert.match(ended.stdout, /^\d+ requests in \d+ s, \d+ a second$/m)
})

test('an invalid rate or duration is wrong usage', async () => {
  const cases: [string[], RegExp][] = [
    [['--traffic', '0'], /--traffic must be a whole number from 1 to 10000, not "0"/],
    [['--traffic', '10001'], /--traffic must be .*, not "10001"/],
    [['--traffic', '1', '--seconds', '1.5'], /--seconds must be .*, not "1.5"/],
    [['--seconds', '1'], /--seconds needs --traffic/],
  ]
  await Promise.all(
    cases.map(async ([args, sentence]) => {
      const ended = await runCli(['demo', '--url', url, '--key', 'k', ...args])
      assert.equal(ended.code, 2, ended.stderr)
      assert.match(ended.stderr, sentence)
    }),
  )
})
