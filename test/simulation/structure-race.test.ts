import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seedOf } from '../support/random.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import type { State } from './model/state.ts'
import { budgetsOf, type Dimensions, idsIn, pathsOf } from './model/tree.ts'
import { nameOf } from './model/tree-read.ts'
import type { Move } from './moves.ts'
import { play } from './play.ts'
import { openScene, type Scene } from './scene.ts'

/** The number of races. Few by default, because CI has little time. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 3)
const CLIENTS = 8
/** Record n has 2^n units, so a sum shows which records it contains. Exact up to 2^53. */
const RECORDS = 48
const CHANGES = 16
const customerId = 'acme'
const params = { id: customerId }

const world = await openWorld()
/** Another server on the same database. It learns of changes only from the database. */
const second = await openWorld()

/** The ways to record usage, each with its own feature. */
const WAYS: Readonly<Record<string, (tenant: Tenant, n: number, to: Dimensions) => Promise<void>>> =
  {
    tokens: async (tenant, n, dimensions) => {
      const usage = { customerId, featureId: 'tokens', value: 2 ** n, dimensions }
      await tenant.ok('v1.usage.report', { body: { usages: [usage] } })
    },
    spend: async (tenant, n, to) => {
      const dimensions = { ...to, amount: 2 ** n }
      const event = { customerId, eventName: 'call', idempotencyKey: `${n}`, dimensions }
      await tenant.ok('v1.events.report', { body: { events: [event] } })
    },
    seats: async (tenant, n, dimensions) => {
      const body = { featureId: 'seats', amount: 2 ** n, idempotencyKey: `${n}`, dimensions }
      if (n % 2 === 0) {
        const { data } = await tenant.ok('v1.customers.consume', { params, body })
        assert.equal(data.recorded, true)
        return
      }
      const { data } = await tenant.ok('v1.customers.reservations.create', { params, body })
      const reservationId = data.reservation?.id ?? ''
      const held = { ...params, reservationId }
      await tenant.ok('v1.customers.reservations.commit', { params: held, body: {} })
    },
  }
const FEATURES = Object.keys(WAYS)

/** Returns rows for budgets without a limit, one for each feature. They count and never deny. */
const budgets = (entityId: string, more: object = {}) =>
  FEATURES.map((featureId) => ({ entityId, featureId, usageLimit: null, cadence: 'P1Y', ...more }))

const rows = (...each: ReturnType<typeof budgets>[]): Move => ({
  ...{ kind: 'budgets', customerId },
  rows: each.flat(),
})
const held = { limit: null, soft: false, reset: null, endsInMs: null }

const OPENING: readonly Move[] = [
  ...FEATURES.map((featureId) => ({ kind: 'grant', customerId, featureId, ...held }) as const),
  rows(budgets('org'), budgets('eng', { parentId: 'org' }), budgets('sales', { parentId: 'org' })),
  rows(budgets('ann', { parentId: 'eng' }), budgets('bob', { parentId: 'sales' }), budgets('7')),
  rows(
    budgets('org', { scopeEntityIds: ['large'] }),
    budgets('org', { scopeEntityIds: ['eng'] }),
    budgets('eng', { scopeEntityIds: ['ann', 'small'] }),
  ),
]

const entityId = fc.constantFrom('org', 'eng', 'sales', 'ann', 'bob', '7', 'large')
const change: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({
        leaf: fc.constantFrom('ann', 'bob', '7'),
        to: fc.option(fc.constantFrom('eng', 'sales', 'org', 'ops')),
      })
      .map(({ leaf, to }) => rows(budgets(leaf, { parentId: to }))),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ id: entityId, to: fc.boolean() })
      .map(({ id, to }): Move => ({ kind: 'archive', customerId, ids: [id], to })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({
        typeId: fc.constantFrom('user', 'model'),
        key: fc.constantFrom('userId', 'actorId', 'modelId'),
      })
      .map(({ typeId, key }): Move => ({ kind: 'keys', typeId, keys: [key] })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('user', 'team')
      .map((entityTypeId): Move => ({ kind: 'entity', customerId, id: 'bob', entityTypeId })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(entityId, entityId)
      .map(([id, scope]) => rows(budgets(id, { scopeEntityIds: [scope] }))),
  },
)
const dimensions: fc.Arbitrary<Dimensions> = fc.record(
  {
    userId: fc.constantFrom('ann', 'bob', '7'),
    actorId: fc.constantFrom('ann', 'bob'),
    modelId: fc.constantFrom('large', 'small'),
    teamId: fc.constantFrom('eng', 'bob'),
  },
  { requiredKeys: [], noNullPrototype: true },
)

/** How many changes were sent, and how many had a response, at an instant of the race. */
type Progress = { sent: number; answered: number }
type RaceRecord = { featureId: string; n: number; dimensions: Dimensions; from: number; to: number }

/** Makes the changes one by one, alternating the servers. Returns the state after each change. */
async function changeAll(scene: Scene, changes: readonly Move[], progress: Progress) {
  const states = [structuredClone(scene.state)]
  const others = { ...scene, tenant: scene.tenant.through(second) }
  for (const [index, move] of changes.entries()) {
    progress.sent += 1
    await play(index % 2 === 0 ? scene : others, move)
    progress.answered += 1
    states.push(structuredClone(scene.state))
  }
  return states
}

type Task = { featureId: string; n: number; dimensions: Dimensions }

/** Executes one task after the other. Returns between which changes each was executed. */
async function recordAll(tenant: Tenant, tasks: Task[], progress: Progress): Promise<RaceRecord[]> {
  const done: RaceRecord[] = []
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    const from = progress.answered
    await WAYS[task.featureId]?.(tenant, task.n, task.dimensions)
    done.push({ ...task, from, to: progress.sent })
  }
  return done
}

/** Returns the names of the budgets to which a record would be attributed in a state. */
function attributed(state: State, { featureId, dimensions: to }: RaceRecord): string[] {
  const customer = state.customers.get(customerId)
  assert.ok(customer !== undefined)
  const capability = { kind: 'feature', id: featureId } as const
  const resolved = idsIn(pathsOf(state, customer, to))
  return budgetsOf(customer, { capability, resolved }).map(nameOf).sort()
}

/** Returns the usage of each budget. Archived entities are unarchived for this. */
async function usages(scene: Scene): Promise<Map<string, bigint>> {
  const ids = [...(scene.state.customers.get(customerId)?.entities.keys() ?? [])]
  await play(scene, { kind: 'archive', customerId, ids, to: false })
  const { data } = await scene.tenant.ok('v1.events.beta.customers.retrieveGovernance', {
    params,
    query: { featureIds: FEATURES.join(','), limit: '100' },
  })
  assert.equal(data.length, scene.state.customers.get(customerId)?.budgets.length)
  return new Map(
    data.map(({ entityId: id, featureId, scopeEntityIds, currentUsage }) => [
      JSON.stringify([id, featureId, ...scopeEntityIds]),
      BigInt(currentUsage ?? 0),
    ]),
  )
}

/** Returns how many records were made during a change that could affect them. */
async function race(changes: readonly Move[], recorded: readonly Dimensions[]): Promise<number> {
  const scene = await openScene(world)
  for (const move of OPENING) await play(scene, move)
  const tasks = recorded.flatMap((to, n) =>
    FEATURES.map((featureId) => ({ featureId, n, dimensions: to })),
  )
  const progress = { sent: 0, answered: 0 }
  const tenants = [scene.tenant, scene.tenant.through(second)]
  const clients = Array.from({ length: CLIENTS }, (_, index) =>
    recordAll(tenants[index % tenants.length] ?? scene.tenant, tasks, progress),
  )
  const [states, ...done] = await Promise.all([changeAll(scene, changes, progress), ...clients])
  const found = await usages(scene)
  const possibles = done.flat().map((record) => {
    const bit = 1n << BigInt(record.n)
    const names = [...found].filter(([, usage]) => (usage & bit) !== 0n).map(([name]) => name)
    const own = names.filter((name) => JSON.parse(name)[1] === record.featureId).sort()
    const between = states.slice(record.from, record.to + 1)
    const possible = new Set(between.map((state) => attributed(state, record).join('\n')))
    const told = `${JSON.stringify(record)} counts for ${own}, not for one of`
    assert.ok(possible.has(own.join('\n')), [told, ...possible].join('\n\n'))
    return possible
  })
  return possibles.filter(({ size }) => size > 1).length
}

test('a record is attributed to the tree before or after a change, never to a mixture', async (t) => {
  const changes = fc.array(change, { minLength: CHANGES, maxLength: CHANGES })
  const recorded = fc.array(dimensions, { minLength: RECORDS, maxLength: RECORDS })
  let raced = 0
  const property = fc.asyncProperty(changes, recorded, async (...both) => {
    raced += await race(...both)
  })
  await fc.assert(property, { numRuns: ROUNDS, seed: seedOf(t), endOnFailure: true })
  t.diagnostic(`${raced} records ran into a change that mattered to them`)
  assert.ok(raced > 0)
})
