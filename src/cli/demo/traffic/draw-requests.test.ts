import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDemoData } from '../demo-data.ts'
import { drawRequests, type RandomRequest, trafficModelOf } from './draw-requests.ts'

const data = await readDemoData()
const model = trafficModelOf(data, 'orrery')
const typeOf = new Map(
  data.entities.flatMap(({ entities }) => entities.map((each) => [each.id, each.entityTypeId])),
)

const drawn = (seed: number, count: number): RandomRequest[] =>
  drawRequests(model, seed).take(count).toArray()

test('the same seed draws the same requests, and another seed draws others', () => {
  assert.deepEqual(drawn(1, 500), drawn(1, 500))
  assert.notDeepEqual(drawn(1, 500), drawn(2, 500))
})

test('a request names one user or agent, a model and a region, and has a whole amount', () => {
  const requests = drawn(3, 20_000)
  const seen = new Set<string>()
  for (const { amount, dimensions } of requests) {
    assert.ok(Number.isInteger(amount) && amount >= 200 && amount <= 8000, `${amount}`)
    const types = Object.values(dimensions).map((id) => typeOf.get(id))
    assert.deepEqual(types.slice(1), ['model', 'region'])
    assert.ok(types[0] === 'user' || types[0] === 'agent', `${types[0]}`)
    for (const id of Object.values(dimensions)) seen.add(id)
  }
  const agents = requests.filter(({ dimensions }) => dimensions.agentId !== undefined)
  assert.ok(Math.abs(agents.length / requests.length - 0.5) < 0.02)
  // All 300 actors, 3 models and 2 regions occur.
  assert.equal(seen.size, 300 + 3 + 2)
})

test('without budgets, requests have no dimensions', () => {
  assert.deepEqual(trafficModelOf(data, 'kestrel-fenn'), { actors: [], axes: [] })
  assert.deepEqual(drawRequests({ actors: [], axes: [] }, 1).next().value.dimensions, {})
})

/** A budget of the demo. `kind` is the types of its entity and of its scope. */
type Budget = {
  entityId: string
  kind: string
  limit: number
  windowSeconds: number
  scope: readonly string[]
  window: number
  used: number
  isBlocking: boolean
}

/** The windows that end during the test. All others are infinite here. */
const WINDOW_SECONDS: Record<string, number> = { PT1M: 60, PT5M: 300 }
const { budgets: rows = [] } = data.budgets.find((each) => each.customerId === 'orrery') ?? {}
const parents = new Map(
  rows.flatMap(({ entityId, parentId }) =>
    parentId == null ? [] : [[entityId, parentId] as const],
  ),
)

function budgetsByEntity(): Map<string, Budget[]> {
  const budgets = rows.map(({ entityId, scopeEntityIds: scope = [], usageLimit, cadence }) => ({
    entityId,
    kind: [entityId, ...scope].map((id) => typeOf.get(id)).join(' by '),
    limit: usageLimit ?? Number.POSITIVE_INFINITY,
    windowSeconds: WINDOW_SECONDS[cadence ?? ''] ?? Number.POSITIVE_INFINITY,
    scope,
    window: 0,
    used: 0,
    isBlocking: false,
  }))
  return Map.groupBy(budgets, ({ entityId }) => entityId)
}

function upFrom(entityId: string): string[] {
  const parent = parents.get(entityId)
  return parent === undefined ? [entityId] : [entityId, ...upFrom(parent)]
}

/** Returns the second in which a budget of each kind first denied, and first was free again. */
function simulate(startSecond: number, seconds: number, perSecond: number) {
  const budgets = budgetsByEntity()
  const denied = new Map<string, number>()
  const freed = new Map<string, number>()
  const requests = drawRequests(model, startSecond).take(seconds * perSecond)
  for (const [number, { amount, dimensions }] of requests.toArray().entries()) {
    const second = number / perSecond
    const resolved = new Set(Object.values(dimensions).flatMap(upFrom))
    const matching = [...resolved]
      .flatMap((id) => budgets.get(id) ?? [])
      .filter(({ scope }) => scope.every((id) => resolved.has(id)))
    for (const budget of matching) {
      const window = Math.floor((startSecond + second) / budget.windowSeconds)
      if (window === budget.window) continue
      if (budget.isBlocking) freed.set(budget.kind, freed.get(budget.kind) ?? second)
      Object.assign(budget, { window, used: 0, isBlocking: false })
    }
    const blocking = matching.filter(({ used, limit }) => used + amount > limit)
    for (const budget of blocking) {
      budget.isBlocking = true
      denied.set(budget.kind, denied.get(budget.kind) ?? second)
    }
    if (blocking.length === 0) for (const budget of matching) budget.used += amount
  }
  return { denied, freed }
}

/** All kinds except that of the organisation, whose budget has a window of a month. */
const KINDS = [
  'agent',
  'department',
  'department by model',
  'org by region',
  'team',
  'team by model',
  'team by model by region',
  'user',
]

test('at 200 requests a second, budgets of every kind deny within a minute and become free again', () => {
  const kinds = new Set([...budgetsByEntity().values()].flat().map(({ kind }) => kind))
  assert.deepEqual([...kinds].sort(), [...KINDS, 'org'].sort())
  for (const startSecond of [0, 20, 40, 59]) {
    const { denied, freed } = simulate(startSecond, 130, 200)
    for (const kind of KINDS) {
      assert.ok((denied.get(kind) ?? 99) < 60, `${kind} from second ${startSecond}`)
      assert.ok(freed.has(kind), `${kind} is not free again from second ${startSecond}`)
    }
  }
})
