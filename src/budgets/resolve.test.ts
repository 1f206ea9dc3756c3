import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  budgetName,
  type Company,
  type CompanyBudget,
  type Dimension,
  resolvedBy,
} from '../../test/support/company.ts'
import { openWorld, type Tenant } from '../../test/support/world.ts'
import { findFeatures } from '../catalog/features/index.ts'
import { findCustomerKey } from '../customers/index.ts'
import { required } from '../kernel/assert.ts'
import type { Uuid } from '../kernel/ids.ts'
import { quantityToWire, wholeUnits } from '../kernel/quantity.ts'
import { windowOf } from './cadence.ts'
import { changeCounters } from './counter-store.ts'
import { counterName } from './postings.ts'
import { resolve } from './resolve-store.ts'
import type { Budget } from './types.ts'

const world = await openWorld()
const { app } = world.bursar
const reader = app.db.read

const types: Company['types'] = {
  org: { keys: ['orgId'] },
  user: { keys: ['userId', 'agentId'] },
  model: { keys: ['modelId', 'agentId'] },
  silent: { keys: [] },
  old: { keys: ['oldId'], archived: true },
}
const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

const company: fc.Arbitrary<Company> = fc
  .record({
    entities: fc.array(
      fc.record({
        type: fc.constantFrom('org', 'user', 'user', 'model', 'silent', 'old'),
        parent: fc.option(fc.nat({ max: ids.length - 1 })),
        archived: fc.boolean(),
      }),
      { minLength: ids.length, maxLength: ids.length },
    ),
    budgets: fc.uniqueArray(
      fc.record({
        entity: fc.constantFrom(...ids),
        capability: fc.constantFrom('tokens', 'tokens', 'calls'),
        scope: fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 3 }),
        limit: fc.option(fc.nat({ max: 100 })),
      }),
      { selector: budgetName, maxLength: 14 },
    ),
  })
  .map(({ entities, budgets }) => {
    const levels: number[] = []
    const parents = entities.map(({ parent }, index) => {
      const above = parent !== null && parent < index && (levels[parent] ?? 9) < 4 ? parent : null
      levels.push(above === null ? 1 : (levels[above] ?? 0) + 1)
      return above === null ? null : (ids[above] ?? null)
    })
    return {
      types,
      entities: Object.fromEntries(
        entities.map(({ type, archived }, index) => {
          const parent = parents[index] ?? null
          // An active entity never has an archived type.
          return [ids[index] ?? '', { type, parent, archived: archived || type === 'old' }]
        }),
      ),
      budgets,
    }
  })

const dimensions: fc.Arbitrary<Dimension[]> = fc.array(
  fc.tuple(
    fc.constantFrom('orgId', 'userId', 'agentId', 'modelId', 'oldId', 'region', 'userid'),
    fc.constantFrom(...ids, 'A', 'nobody'),
  ),
  { maxLength: 6 },
)

type Features = Readonly<Record<string, Uuid>>

/** Creates an environment with the types and features, which budgets and positions need. */
async function environment(): Promise<{ tenant: Tenant; features: Features }> {
  const tenant = await world.tenant()
  await tenant.ok('v1Beta.entityTypes.upsert', {
    body: {
      types: Object.entries(types).map(([id, { keys }]) => ({
        id,
        displayName: id,
        attributionKeys: [...keys],
      })),
    },
  })
  for (const id of ['tokens', 'calls', 'places'])
    await tenant.ok('v1.features.createFeature', {
      body: { id, displayName: id, featureType: 'NUMBER', meterType: 'INCREMENTAL' },
    })
  const found = await findFeatures(reader, tenant.scope, ['tokens', 'calls', 'places'])
  return { tenant, features: Object.fromEntries(found.map(({ id, key }) => [id, key])) }
}

let customers = 0

/** Creates a company through the API. Returns the customer's key. */
async function settle(tenant: Tenant, { entities, budgets }: Company): Promise<Uuid> {
  customers += 1
  const params = { id: `customer-${customers}` }
  await tenant.ok('v1.customers.provision', { body: params })
  await tenant.ok('v1Beta.customers.entities.upsert', {
    params,
    body: {
      entities: Object.entries(entities).map(([id, { type }]) => ({ id, entityTypeId: type })),
    },
  })
  const places = Object.entries(entities).map(([id, { parent }]) => ({
    entity: id,
    capability: 'places',
    limit: null,
    parentId: parent,
  }))
  const assignments = [...places, ...budgets].map(
    (budget: CompanyBudget & { parentId?: unknown }) => ({
      entityId: budget.entity,
      featureId: budget.capability,
      usageLimit: budget.limit,
      cadence: 'P1M',
      scopeEntityIds: [...(budget.scope ?? [])],
      parentId: budget.parentId,
    }),
  )
  await tenant.ok('v1Beta.customers.assignments.upsert', { params, body: { assignments } })
  const archived = ids.filter((id) => entities[id]?.archived)
  if (archived.length > 0)
    await tenant.ok('v1Beta.customers.entities.archive', { params, body: { ids: archived } })
  return required(await findCustomerKey(reader, tenant.scope, params.id), 'the customer')
}

const shown = (budgets: readonly Budget[], capabilityIdOf: (key: Uuid) => string) =>
  budgets
    .map((budget) => {
      const limit = budget.usageLimit === null ? null : quantityToWire(budget.usageLimit)
      const capability = capabilityIdOf(budget.capabilityKey)
      const name = { entity: budget.entityId, capability, scope: budget.scopeEntityIds, limit }
      return `${budgetName(name)} ${limit}`
    })
    .toSorted()

test('dimensions resolve as in a simple model, whatever the tree and the scopes are', async () => {
  const { tenant, features } = await environment()
  const names = new Map(Object.entries(features).map(([id, key]) => [key, id]))
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(company, dimensions), { minLength: 1, maxLength: 3 }),
      async (cases) => {
        await tenant.ok('v1Beta.entityTypes.unarchive', { body: { ids: ['old'] } })
        const settled = await Promise.all(cases.map(([each]) => settle(tenant, each)))
        await tenant.ok('v1Beta.entityTypes.archive', { body: { ids: ['old'] } })
        const requests = cases.map(([, each], index) => ({
          scope: tenant.scope,
          customerKey: settled[index] ?? '',
          dimensions: each,
        }))
        const { resolutions } = await resolve(reader, requests, {
          capabilityKeys: [features.tokens ?? '', features.calls ?? ''],
          at: app.clock.now(),
        })
        assert.equal(resolutions.length, cases.length)
        for (const [index, [each, asked]] of cases.entries()) {
          const found = required(resolutions[index], 'a resolution')
          const expected = resolvedBy(each, asked, ['tokens', 'calls'])
          const pathsOf = ({ paths }: typeof found) =>
            paths.map((path) => path.map(({ entityId, isArchived }) => [entityId, isArchived]))
          assert.deepEqual(pathsOf(found), pathsOf(expected))
          assert.deepEqual(found.unresolved, expected.unresolved)
          assert.deepEqual(
            shown(found.budgets, (key) => names.get(key) ?? ''),
            shown(expected.budgets, (key) => key),
          )
        }
      },
    ),
    { numRuns: 40 },
  )
})

test('budgets are read with the counters of the windows that contain the instant', async () => {
  const { tenant, features } = await environment()
  const customerKey = await settle(tenant, {
    types,
    entities: { a: { type: 'org', parent: null }, b: { type: 'user', parent: 'a' } },
    budgets: [
      { entity: 'a', capability: 'tokens', limit: 5 },
      { entity: 'b', capability: 'tokens', limit: 5 },
    ],
  })
  const now = app.clock.now()
  const asked = (at: number) =>
    resolve(reader, [{ scope: tenant.scope, customerKey, dimensions: [['userId', 'b']] }], {
      capabilityKeys: [features.tokens ?? ''],
      at,
    })
  const { resolutions } = await asked(now)
  const budgets = resolutions[0]?.budgets ?? []
  const usedIn = (counters: ReadonlyMap<string, bigint>, at: number) =>
    Object.fromEntries(
      budgets.map((budget) => [
        budget.entityId,
        quantityToWire(counters.get(counterName(budget, windowOf(budget, at))) ?? 0n),
      ]),
    )
  const month = 31 * 86_400_000
  const postings = budgets.flatMap((budget) =>
    [now, now, now + month].map((at, index) => ({
      customerKey,
      assignmentKey: budget.assignmentKey,
      revision: 1,
      window: windowOf(budget, at),
      held: 0n,
      setAt: null,
      usage: wholeUnits(budget.entityId === 'a' ? index + 1 : -1),
    })),
  )
  await app.db.transaction((tx) => changeCounters(tx, tenant.scope, postings))
  assert.deepEqual(usedIn((await asked(now)).counters, now), { a: 3, b: -2 })
  assert.deepEqual(usedIn((await asked(now + month)).counters, now + month), { a: 3, b: -1 })
  assert.deepEqual(usedIn((await asked(now - month)).counters, now - month), { a: 0, b: 0 })
  assert.deepEqual(usedIn((await asked(now + 2 * month)).counters, now + 2 * month), { a: 0, b: 0 })
})
