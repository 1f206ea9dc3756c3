import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { findCustomerKey } from '../../src/customers/index.ts'
import { sql } from '../../src/db/index.ts'
import { rebuildCustomer } from '../../src/engine/verify/index.ts'
import { required } from '../../src/kernel/assert.ts'
import { instantFromWire, instantToWire } from '../../src/kernel/clock.ts'
import { quantityToWire } from '../../src/kernel/quantity.ts'
import { differencesOf } from '../support/verified.ts'
import { NOW, openWorldApart } from '../support/world.ts'
import { event, history, record, row, usage, use } from './arbitrary-moves.ts'
import type { Budget } from './model/state.ts'
import type { Move } from './moves.ts'
import { OPENING } from './opening.ts'
import { play, rowOf } from './play.ts'
import { portraitOf } from './portrait.ts'
import { holds } from './rounds.ts'
import { ENTITIES, now, openScene, type Scene, TYPES } from './scene.ts'

/** The number of cases of each law. Few by default, because CI has little time. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 3)

const world = await openWorldApart({}, { isGuarded: true })
const START = instantFromWire(NOW)
const HOUR = 3_600_000
const DAY = 24 * HOUR

const playAll = async (scene: Scene, moves: readonly Move[]) => {
  for (const move of moves) await play(scene, move)
}

/** Opens a scene with grants, a tree and budgets (`OPENING`), and makes these moves. */
async function opened(moves: readonly Move[] = []): Promise<Scene> {
  const scene = await openScene(world)
  await playAll(scene, [...OPENING, ...moves])
  return scene
}

const customerId = 'acme'
const entityIds = Object.keys(ENTITIES) as (keyof typeof ENTITIES)[]
const naming = (id: keyof typeof ENTITIES) => ({ [TYPES[ENTITIES[id]]]: id })
const kind = <Kind extends Move['kind']>(name: Kind) => fc.constant(name)

const params = { id: customerId }

/** Usage without SETs and repetitions. `at` is the instant at which it occurred. */
type Arrival = { at: number; move: Move }

/** When usage begins to arrive. Most of the budgets were created long before. */
const ARRIVAL = START + 3 * DAY

const arrivals: fc.Arbitrary<Arrival[]> = fc
  .array(fc.tuple(fc.integer({ min: START - DAY, max: ARRIVAL }), fc.oneof(usage, event)), {
    minLength: 2,
    maxLength: 15,
  })
  .map((all) =>
    all.map(([at, item], n) => {
      const common = { customerId, sinceMs: 0, key: `arrival-${n}` }
      const move: Move =
        'value' in item
          ? { kind: 'usage', usages: [{ ...item, ...common, isSet: false }] }
          : { kind: 'events', events: [{ ...item, ...common }] }
      return { at, move }
    }),
  )

/** Returns the move with times relative to now, so that its usage occurs at `at`. */
function dated(scene: Scene, { at, move }: Arrival): Move {
  const sinceMs = at - now(scene)
  if (move.kind === 'usage')
    return { ...move, usages: move.usages.map((each) => ({ ...each, sinceMs })) }
  if (move.kind === 'events')
    return { ...move, events: move.events.map((each) => ({ ...each, sinceMs })) }
  return move
}

const budgetMoves: fc.Arbitrary<Move[]> = fc.array(
  record({
    kind: kind('budgets'),
    customerId: fc.constant(customerId),
    rows: fc.array(row, { minLength: 1, maxLength: 3 }),
  }),
  { maxLength: 5 },
)

const allBudgets = (scene: Scene): Budget[] => scene.state.customers.get(customerId)?.budgets ?? []

/** Groups of entities that one use can name together. Each entity is in one group. */
const GROUPS = [['org', 'eng', 'ann', 'large'], ['ops', 'sales', 'bob', 'small'], ['7']] as const

/** Returns the usage of past windows: the responses to uses that occurred at these instants. */
async function closedWindows({ tenant }: Scene, instants: readonly number[]) {
  const windows: string[] = []
  for (const [n, instant] of instants.entries())
    for (const [group, ids] of GROUPS.entries()) {
      const dimensions = Object.assign({}, ...ids.map(naming))
      const timestamp = instantToWire(instant)
      const use = { featureId: 'tokens', amount: 1, dimensions, timestamp }
      const body = { ...use, idempotencyKey: `look-${n}-${group}`, mode: 'record' }
      const { data } = await tenant.ok('v1.customers.consume', { params, body })
      windows.push(JSON.stringify(data))
    }
  return windows
}

/**
 * Lets usage arrive in one order. Returns the usage of current windows, of past windows, and then
 * of a year.
 */
async function afterArrivals(structure: Move[], order: Arrival[], pauses: readonly number[]) {
  const scene = await opened(structure)
  world.clock.moveTo(ARRIVAL)
  for (const [index, arrival] of order.entries()) {
    await play(scene, dated(scene, arrival))
    world.clock.moveTo(now(scene) + (pauses[index] ?? 0))
  }
  world.clock.moveTo(ARRIVAL + 2 * DAY)
  const portrait = await portraitOf(scene)
  const instants = order.map(({ at }) => at).sort((a, b) => a - b)
  const closed = await closedWindows(scene, instants)
  const rows = allBudgets(scene).map((budget) => ({ ...rowOf(budget), cadence: 'P1Y' }))
  await play(scene, { kind: 'budgets', customerId, rows })
  return { portrait, closed, year: await portraitOf(scene) }
}

test('the order in which usage arrives has no effect, even in windows that are over', async (t) => {
  const pauses = fc.array(fc.integer({ min: 0, max: 3 * HOUR }), { maxLength: 15 })
  const cases = fc
    .tuple(arrivals, pauses, pauses)
    .chain(([all, ...rest]) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        ...rest.map((each) => fc.constant(each)),
      ),
    )
  const values = fc.tuple(budgetMoves, cases)
  await holds(t, { rounds: ROUNDS, values }, async ([structure, [first, second, ...waits]]) => {
    const [one = [], other = []] = waits
    const expected = await afterArrivals(structure, first, one)
    assert.deepEqual(await afterArrivals(structure, second, other), expected)
  })
})

const keyed = fc.oneof(
  record({
    kind: kind('usage'),
    usages: fc.array(
      usage.map((each) => ({ ...each, key: each.key ?? 'k9' })),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  record({ kind: kind('events'), events: fc.array(event, { minLength: 1, maxLength: 3 }) }),
  record({ kind: kind('consume'), isForced: fc.boolean(), ...use }),
  record({ kind: kind('reserve'), ttlSeconds: fc.constant(null), ...use }),
  record({ kind: kind('wait'), ms: fc.constantFrom(1000, HOUR) }),
)

test('sending any prefix of the requests again changes nothing', async (t) => {
  const moves = fc.array(keyed, { minLength: 1, maxLength: 20 })
  const values = fc.tuple(moves, fc.nat({ max: 20 }))
  await holds(t, { rounds: ROUNDS, values }, async ([all, length]) => {
    const scene = await opened(all)
    const before = await portraitOf(scene)
    for (const { isDone, again } of scene.sent.slice(0, length)) if (isDone) await again(true)
    assert.deepEqual(await portraitOf(scene), before)
  })
})

type Forest = { parents: (string | null)[]; cadence: string; used: [number, number][] }
const LEVELS = 4

/** For each entity, a parent among the earlier ones, if the tree does not get too deep. */
const forest: fc.Arbitrary<Forest> = record({
  parents: fc
    .array(fc.nat({ max: entityIds.length }), {
      minLength: entityIds.length,
      maxLength: entityIds.length,
    })
    .map((picks) => {
      const depths: number[] = []
      return picks.map((pick, index) => {
        const parent = pick < index && (depths[pick] ?? LEVELS) < LEVELS ? pick : null
        depths.push(parent === null ? 1 : (depths[parent] ?? 0) + 1)
        return parent === null ? null : (entityIds[parent] ?? null)
      })
    }),
  cadence: fc.constantFrom('P1M', 'P3M', 'P1Y'),
  used: fc.array(fc.tuple(fc.nat({ max: entityIds.length - 1 }), fc.integer({ min: 1, max: 9 })), {
    minLength: 1,
    maxLength: 20,
  }),
})

test('the usage of a parent is its own usage and that of its children', async (t) => {
  await holds(t, { rounds: ROUNDS, values: forest }, async ({ parents, cadence, used }) => {
    const scene = await openScene(world)
    const featureId = 'spend'
    const budget = { featureId, usageLimit: null, cadence }
    const rows = entityIds.map((entityId, index) => ({
      entityId,
      ...budget,
      parentId: parents[index] ?? null,
    }))
    await play(scene, { kind: 'budgets', customerId, rows })
    const own = new Map<string, number>()
    for (const [n, [index, amount]] of used.entries()) {
      const id = entityIds[index] ?? 'org'
      own.set(id, (own.get(id) ?? 0) + amount)
      const dimensions = { ...naming(id), amount }
      const event = { customerId, sinceMs: null, key: `${n}`, dimensions }
      await play(scene, { kind: 'events', events: [event] })
      world.clock.moveTo(now(scene) + HOUR)
    }
    const { data } = await scene.tenant.ok('v1.events.beta.customers.retrieveGovernance', {
      params: { id: customerId },
      query: { featureIds: featureId },
    })
    assert.equal(data.length, entityIds.length)
    for (const { entityId, currentUsage } of data) {
      const children = data.filter(({ parentId }) => parentId === entityId)
      const below = children.reduce((sum, child) => sum + (child.currentUsage ?? 0), 0)
      assert.equal(currentUsage, (own.get(entityId) ?? 0) + below, entityId)
    }
  })
})

test('raising a limit never turns a granted request into a denied one', async (t) => {
  const raise = fc.option(fc.integer({ min: 1, max: 20 }))
  const values = fc.tuple(history, fc.nat(), raise)
  await holds(t, { rounds: ROUNDS, values }, async ([moves, which, by]) => {
    const scene = await opened(moves)
    const granted = async () => {
      const portrait = await portraitOf(scene, [0, 1, 7])
      return [...portrait]
        .filter(([, text]) => JSON.parse(text).isGranted === true)
        .map(([question]) => question)
    }
    const before = await granted()
    const limited = allBudgets(scene).filter(({ limit }) => limit !== null)
    const budget = limited[which % limited.length]
    if (budget === undefined) return
    const usageLimit = by === null ? null : quantityToWire(budget.limit ?? 0n) + by
    const rows = [{ ...rowOf(budget), usageLimit }]
    await play(scene, { kind: 'budgets', customerId, rows })
    const after = new Set(await granted())
    assert.deepEqual(
      before.filter((question) => !after.has(question)),
      [],
    )
  })
})

/** Moves without a decision, so that holds cannot change their results. */
const undecided = fc.oneof(
  record({ kind: kind('usage'), usages: fc.array(usage, { minLength: 1, maxLength: 3 }) }),
  record({ kind: kind('events'), events: fc.array(event, { minLength: 1, maxLength: 3 }) }),
  record({
    kind: kind('budgets'),
    customerId: fc.constant(customerId),
    rows: fc.array(row, { minLength: 1, maxLength: 3 }),
  }),
  record({
    kind: kind('archive'),
    customerId: fc.constant(customerId),
    ids: fc.array(fc.constantFrom(...entityIds), { minLength: 1, maxLength: 2 }),
    to: fc.boolean(),
  }),
  record({ kind: kind('wait'), ms: fc.constantFrom(1000, 60_000, HOUR, DAY) }),
)
const holding = fc.oneof(
  {
    weight: 3,
    arbitrary: record({
      kind: kind('reserve'),
      ttlSeconds: fc.constantFrom(null, 1, 3600, 86_400),
      ...use,
    }),
  },
  { weight: 1, arbitrary: record({ kind: kind('release'), which: fc.nat({ max: 5 }) }) },
  {
    weight: 1,
    arbitrary: record({
      kind: kind('extend'),
      which: fc.nat({ max: 5 }),
      ttlSeconds: fc.constantFrom(1, 3600),
    }),
  },
)

test('a released or expired reservation has no lasting effect', async (t) => {
  const steps = fc.array(fc.tuple(undecided, fc.array(holding, { maxLength: 2 })), {
    minLength: 1,
    maxLength: 15,
  })
  await holds(t, { rounds: ROUNDS, values: steps }, async (all) => {
    const portraits = []
    for (const isHeld of [false, true]) {
      const scene = await opened()
      for (const [move, held] of all) await playAll(scene, isHeld ? [...held, move] : [move])
      world.clock.moveTo(now(scene) + 2 * DAY)
      portraits.push(await portraitOf(scene))
    }
    assert.deepEqual(portraits[1], portraits[0])
  })
})

const COUNTERS = [sql`usage_totals`, sql`usage_marks`, sql`budget_counters`]

test('after all totals and counters are deleted, a rebuild restores every answer', async (t) => {
  const { app } = world.bursar
  await holds(t, { rounds: ROUNDS, values: history }, async (moves) => {
    const scene = await opened(moves)
    const { scope } = scene.tenant
    const customerKey = required(await findCustomerKey(app.db.read, scope, customerId), customerId)
    const before = await portraitOf(scene)
    await app.db.transaction(async (tx) => {
      for (const table of COUNTERS)
        await tx.execute(sql`delete from ${table} where customer_key = ${customerKey}::uuid`)
    })
    const isSeen = !isDeepStrictEqual(await portraitOf(scene), before)
    const isFound = Object.keys(await differencesOf(world, scene.tenant)).length > 0
    assert.ok(isFound || !isSeen, 'what is lost is not found')
    await rebuildCustomer(app, { scope, customerKey })
    assert.deepEqual(await portraitOf(scene), before)
    assert.deepEqual(await differencesOf(world, scene.tenant), {})
  })
})
