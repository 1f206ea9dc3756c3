import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationId } from '../../src/api.gen.ts'
import { PAGE_BYTES, type Sql, sql } from '../../src/db/index.ts'
import { contract } from '../support/api-document.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import { calls, path } from './calls.ts'
import { furnishIn } from './furnish.ts'
import { furnishTask } from './subscription-calls.ts'

/** Rules of all lists that can be paged in both directions. */

const COUNT = 9
const many = Array.from({ length: COUNT }, (_, index) => `large-${index}`)
const LARGE = sql`jsonb_build_object('text', repeat('x', 1000000))`
/** Each row belongs to one environment. */
const ofEnvironment = ({ scope }: Tenant) => sql`environment_key = ${scope.environmentKey}::uuid`

const withCustomers = async (tenant: Tenant) => {
  const customers = many.map((id) => ({ id, name: id, email: null }))
  await tenant.ok('v1.customers.import', { body: { customers } })
}
const withOutbox = async (tenant: Tenant) => {
  await withCustomers(tenant)
  return sql`update outbox set before = ${LARGE}, after = ${LARGE} where ${ofEnvironment(tenant)}`
}

const withPackages = (create: 'v1.plans.create' | 'v1.addons.create') => async (tenant: Tenant) => {
  for (const id of many)
    await tenant.ok(create, { body: { id, productId: 'assistant', displayName: id } })
  // Those that are published cannot be changed.
  return sql`
    update package_versions set metadata = ${LARGE}
    where ${ofEnvironment(tenant)} and published_at is null`
}

/** Creates rows of a list that are together far larger than the bytes of a page. */
const ENLARGED: { readonly [Id in OperationId]?: (tenant: Tenant) => Promise<Sql> } = {
  'v1.customers.list': async (tenant) => {
    await withCustomers(tenant)
    return sql`update customers set metadata = ${LARGE} where ${ofEnvironment(tenant)}`
  },
  'v1.eventsLog.list': withOutbox,
  'v1.audit.list': withOutbox,
  'v1.features.listFeatures': async (tenant) => {
    for (const id of many)
      await tenant.ok('v1.features.createFeature', {
        body: { id, displayName: id, featureType: 'BOOLEAN' },
      })
    return sql`update features set metadata = ${LARGE} where ${ofEnvironment(tenant)}`
  },
  'v1.credits.customCurrencies.list': async (tenant) => {
    for (const id of many)
      await tenant.ok('v1.credits.customCurrencies.create', { body: { id, displayName: id } })
    return sql`update currencies set metadata = ${LARGE} where ${ofEnvironment(tenant)}`
  },
  'v1.products.listProducts': async (tenant) => {
    for (const id of many)
      await tenant.ok('v1.products.createProduct', { body: { id, displayName: id } })
    return sql`update products set metadata = ${LARGE} where ${ofEnvironment(tenant)}`
  },
  'v1.plans.list': withPackages('v1.plans.create'),
  'v1.addons.list': withPackages('v1.addons.create'),
  'v1.subscriptions.list': async (tenant) => {
    for (const id of many) {
      await tenant.ok('v1.customers.provision', { body: { id } })
      const body = { id, customerId: id, planId: 'starter' }
      await tenant.ok('v1.subscriptions.provision', { body })
    }
    return sql`
      update subscription_revisions set content = jsonb_set(content, '{metadata}', ${LARGE})
      where ${ofEnvironment(tenant)}`
  },
  'v1.tasks.list': async (tenant) => {
    for (const mark of many) await furnishTask(tenant, mark)
    return sql`
      update tasks set errors = jsonb_set(errors, '{0,message}', to_jsonb(repeat('x', 1000000)))
      where ${ofEnvironment(tenant)}`
  },
  'v1Beta.entityTypes.list': async (tenant) => {
    const types = many.map((id) => ({ id, displayName: id, attributionKeys: [] }))
    await tenant.ok('v1Beta.entityTypes.upsert', { body: { types } })
    return sql`
      update entity_types set attribution_keys = array(
        select 'an-attribution-key-' || n from generate_series(1, 50000) n)
      where ${ofEnvironment(tenant)}`
  },
  'v1Beta.customers.entities.list': async (tenant) => {
    const entities = many.map((id) => ({ id, typeRefId: 'user' }))
    await tenant.ok('v1Beta.customers.entities.upsert', { params: path, body: { entities } })
    return sql`update entities set metadata = ${LARGE} where ${ofEnvironment(tenant)}`
  },
  'v1.customers.reservations.list': async (tenant) => {
    const body = { ...(calls['v1.customers.reservations.create']('mark').body as object) }
    for (const idempotencyKey of many)
      await tenant.ok('v1.customers.reservations.create', {
        params: path,
        body: { ...body, amount: 1, idempotencyKey },
      })
    return sql`update reservations set dimensions = ${LARGE} where ${ofEnvironment(tenant)}`
  },
}
/** A hundred rows of these lists always fit into the bytes of a page. */
const SMALL: readonly OperationId[] = [
  'v1.apiKeys.list',
  'v1.environments.list',
  'v1.members.list',
  'v1.customers.listResources',
  'v1.customers.integrations.list',
  // What was requested is stored up to 16 kB.
  'v1.decisions.list',
  'v1.customers.promotionalEntitlements.list',
]
/** A row needs a scope of many ids to be large. Creating them would take a test too long. */
const SCOPED: readonly OperationId[] = ['v1Beta.customers.assignments.list']

const world = await openWorld()
const lists = contract.operations.filter(({ parameters }) =>
  ['after', 'before'].every((name) => parameters.some((each) => each.name === name)),
)

const UNKNOWN = '019d2f3a-7c40-7b1c-9d7e-2f6f0c1b8a55'

for (const { id: name, primaryId } of lists)
  test(`${name}: if both cursors are sent, after takes precedence`, async () => {
    const tenant = await furnishIn(world, 'mark')
    const id = primaryId as OperationId
    const page = async (cursors: Record<string, string>) => {
      const { query, ...request } = calls[id]('mark')
      const own = { ...(query as Record<string, string> | undefined), limit: '1', ...cursors }
      return tenant.call(id, { ...request, query: own, twin: name !== primaryId })
    }
    const { refusal } = await page({ after: UNKNOWN, before: UNKNOWN.replace('0', '1') })
    assert.match(refusal?.message ?? '', new RegExp(`^after: .*${UNKNOWN}`))
    const first = (await page({})).success as { pagination: { next: string | null } } | null
    const after = first?.pagination.next
    if (after === undefined || after === null) return
    const next = await page({ after })
    assert.ok(next.success !== null, next.text)
    assert.equal((await page({ after, before: after })).text, next.text)
    assert.equal((await page({ after, before: UNKNOWN })).text, next.text)
  })

test('the maximum size of a row is known for every list', () => {
  const known = [...Object.keys(ENLARGED), ...SMALL, ...SCOPED]
  assert.deepEqual(
    [...new Set(lists.map(({ primaryId }) => primaryId))].toSorted(),
    known.toSorted(),
  )
})

type ListAnswer = {
  data: { id: string }[]
  pagination: { next: string | null; prev: string | null }
}

for (const [name, enlarge] of Object.entries(ENLARGED))
  test(`${name}: pages end at 4 MB, and their cursors lead to every row exactly once`, async () => {
    const id = name as OperationId
    const tenant = await furnishIn(world, 'mark')
    const statement = await enlarge(tenant)
    await world.bursar.app.db.transaction((tx) => tx.execute(statement))
    const page = async (cursors: Record<string, string>) => {
      const { params } = { params: {}, ...calls[id]('mark') }
      const query = { limit: '100', ...cursors }
      const { success, text } = await tenant.call(id, { params, query })
      assert.ok(success !== null, text.slice(0, 1000))
      const { data, pagination } = success as unknown as ListAnswer
      assert.ok(text.length < 1.1 * PAGE_BYTES || data.length === 1, `${text.length} bytes`)
      return { ids: data.map((row) => row.id), ...pagination }
    }
    const forward: string[] = []
    let last = await page({})
    forward.push(...last.ids)
    while (last.next !== null) {
      last = await page({ after: last.next })
      forward.push(...last.ids)
    }
    assert.equal(new Set(forward).size, forward.length)
    assert.ok(forward.length >= COUNT, `${forward.length} rows`)
    const backward = [...last.ids]
    while (last.prev !== null) {
      last = await page({ before: last.prev })
      backward.unshift(...last.ids)
    }
    assert.deepEqual(backward, forward)
  })

test('a page has all its rows if only one of them is large', async () => {
  const id = 'v1Beta.customers.entities.list'
  for (const place of ['newest', 'between', 'oldest'] as const) {
    const tenant = await furnishIn(world, 'mark')
    const entities = ['1', '2', '3'].map((entity) => ({ id: entity, typeRefId: 'user' }))
    await tenant.ok('v1Beta.customers.entities.upsert', { params: path, body: { entities } })
    const large = { newest: '3', between: '2', oldest: '1' }[place]
    const statement = sql`
      update entities set metadata = ${LARGE}
      where ${ofEnvironment(tenant)} and id = ${large}::text`
    await world.bursar.app.db.transaction((tx) => tx.execute(statement))
    const { data } = await tenant.ok(id, { params: path, query: { limit: '3' } })
    assert.deepEqual(
      data.map((row) => [row.id, JSON.stringify(row.metadata).length > 1_000_000]),
      ['3', '2', '1'].map((entity) => [entity, entity === large]),
    )
  }
})
