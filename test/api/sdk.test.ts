import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type SdkError,
  type SdkOptions,
  type SdkRequest,
  sdkCall,
  sdkPages,
} from '../support/sdk-wire.ts'
import { openWorld } from '../support/world.ts'

const world = await openWorld()
const baseUrl = await world.bursar.server.listen({ host: '127.0.0.1', port: 0 })
const client = async (): Promise<SdkOptions> => ({ baseUrl, apiKey: (await world.tenant()).key })

type Integration = { vendorIdentifier: string }

const rowsOf = (pages: readonly { data: readonly object[] }[]) =>
  pages.flatMap(({ data }) => data as readonly Record<string, unknown>[])

test('an SDK of either era writes and reads entities with its own names', async () => {
  const options = await client()
  const types = [{ id: 'user', displayName: 'User', attributionKeys: ['userId'] }]
  await sdkCall(options, { method: 'PUT', path: '/api/v1-beta/entity-types', body: { types } })
  await sdkCall(options, { method: 'POST', path: '/api/v1/customers', body: { id: 'a@b.c' } })
  for (const typed of [{ typeRefId: 'user' }, { entityTypeId: 'user' }])
    for (const root of ['/api/v1-beta', '/api/v1']) {
      const path = `${root}/customers/${encodeURIComponent('a@b.c')}/entities`
      const entities = [{ id: 'e|1', ...typed, metadata: { k: 'v' } }]
      await sdkCall(options, { method: 'PUT', path, body: { entities } })
      const one = `${path}/${encodeURIComponent('e|1')}`
      const { data } = (await sdkCall(options, { method: 'GET', path: one })) as {
        data: Record<string, unknown>
      }
      assert.deepEqual([data.typeId, data.entityTypeId], ['user', 'user'])
      const filter = Object.fromEntries(Object.entries(typed)) as Record<string, string>
      const pages = await Array.fromAsync(sdkPages(options, { path, query: filter }))
      assert.deepEqual(
        pages.map((page) => page.data.map(({ id }) => id)),
        [['e|1']],
      )
    }
})

test('an SDK of either era writes budgets and reads the tree with its own names', async () => {
  const options = await client()
  const write = (method: 'PUT' | 'POST', path: string, body: object) =>
    sdkCall(options, { method, path, body })
  const types = [{ id: 'team', displayName: 'Team', attributionKeys: ['teamId'] }]
  await write('PUT', '/api/v1-beta/entity-types', { types })
  for (const id of ['tokens', 'calls']) {
    const feature = { id, displayName: id, featureType: 'NUMBER', meterType: 'INCREMENTAL' }
    await write('POST', '/api/v1/features', feature)
  }
  await write('POST', '/api/v1/customers', { id: 'acme' })
  const customer = (root: string) => `${root}/customers/acme`
  const entities = ['org', 'team'].map((id) => ({ id, entityTypeId: 'team' }))
  await write('PUT', `${customer('/api/v1')}/entities`, { entities })
  const eras = [
    { root: '/api/v1-beta', budgets: 'assignments', name: 'assignments', filter: 'capabilityId' },
    {
      root: '/api/v1',
      budgets: 'entities/entitlements',
      name: 'entityEntitlements',
      filter: 'featureId',
    },
  ]
  for (const { root, budgets, name, filter } of eras) {
    const path = `${customer(root)}/${budgets}`
    const rows = ['tokens', 'calls'].map((featureId) => ({
      entityId: 'team',
      featureId,
      usageLimit: 2,
      cadence: 'MONTH',
      parentId: 'org',
    }))
    await write('PUT', path, { [name]: rows })
    const pages = await Array.fromAsync(sdkPages(options, { path, query: { [filter]: 'calls' } }))
    assert.deepEqual(
      rowsOf(pages).map(({ cadence, parentId }) => [cadence, parentId]),
      [['P1M', 'org']],
    )
    const tree = await Array.fromAsync(
      sdkPages(options, {
        path: `${customer(root)}/governance`,
        query: { featureIds: ['tokens', 'calls'], minUtilization: 0, limit: 1 },
      }),
    )
    assert.deepEqual(
      rowsOf(tree).map((row) => [row.entityType, row.entityTypeId, row.featureId]),
      [
        ['team', 'team', 'calls'],
        ['team', 'team', 'tokens'],
      ],
    )
  }
})

test('an SDK reads a list in both directions and sees every row once', async () => {
  const options = await client()
  const ids = Array.from({ length: 23 }, (_, index) => `c${index}`)
  for (const id of ids)
    await sdkCall(options, { method: 'POST', path: '/api/v1/customers', body: { id } })
  const forward = await Array.fromAsync(
    sdkPages(options, { path: '/api/v1/customers', query: { limit: 5 } }),
  )
  const newestFirst = [...ids].reverse()
  assert.deepEqual(
    forward.flatMap(({ data }) => data.map(({ id }) => id)),
    newestFirst,
  )
  const before = forward.at(-1)?.pagination.prev ?? ''
  const backward = await Array.fromAsync(
    sdkPages(options, { path: '/api/v1/customers', query: { limit: 5, before } }),
  )
  assert.deepEqual(
    backward.reverse().flatMap(({ data }) => data.map(({ id }) => id)),
    newestFirst.slice(0, 20),
  )
})

test('an SDK can filter by lists joined with commas and by ranges in brackets', async () => {
  const options = await client()
  const integrations = [
    { id: 's', vendorIdentifier: 'STRIPE', syncedEntityId: '1' },
    { id: 'h', vendorIdentifier: 'HUBSPOT', syncedEntityId: '2' },
    { id: 'f', vendorIdentifier: 'SALESFORCE', syncedEntityId: '3' },
  ]
  const body = { id: 'acme', integrations }
  await sdkCall(options, { method: 'POST', path: '/api/v1/customers', body })
  const listed = (await sdkCall(options, {
    method: 'GET',
    path: '/api/v1/customers/acme/integrations',
    query: { vendorIdentifier: ['STRIPE', 'HUBSPOT'] },
  })) as { data: Integration[] }
  assert.deepEqual(
    listed.data.map(({ vendorIdentifier }) => vendorIdentifier),
    ['HUBSPOT', 'STRIPE'],
  )
  const found = async (createdAt: Record<string, string>) => {
    const query = { createdAt }
    const page = await sdkCall(options, { method: 'GET', path: '/api/v1/customers', query })
    return (page as { data: unknown[] }).data.length
  }
  assert.equal(await found({ gte: '2026-05-18T00:00:00Z', lt: '2026-05-19T00:00:00+00:00' }), 1)
  assert.equal(await found({ gt: '2026-05-19T00:00:00Z' }), 0)
})

test('an SDK does not retry a request that is refused with a 400, a 404 or a 409', async () => {
  const options = await client()
  const provision = { method: 'POST', path: '/api/v1/customers', body: { id: 'acme' } }
  await sdkCall(options, provision)
  const refused: [request: SdkRequest, status: number][] = [
    [provision, 409],
    [{ ...provision, body: { id: '-' } }, 400],
    [{ method: 'POST', path: '/api/v1/customers/nobody/archive' }, 404],
  ]
  for (const [request, status] of refused)
    await assert.rejects(sdkCall(options, request), (error: SdkError) => {
      assert.deepEqual([error.status, error.attempts], [status, 1])
      return true
    })
})

test('an SDK archives without a body and removes a link without one', async () => {
  const options = await client()
  await sdkCall(options, { method: 'POST', path: '/api/v1/customers', body: { id: 'acme' } })
  const link = { id: 's', vendorIdentifier: 'STRIPE', syncedEntityId: '1' }
  const path = '/api/v1/customers/acme/integrations'
  await sdkCall(options, { method: 'POST', path, body: link })
  await sdkCall(options, { method: 'DELETE', path: `${path}/s` })
  const archived = await sdkCall(options, {
    method: 'POST',
    path: '/api/v1/customers/acme/archive',
  })
  assert.notEqual((archived as { data: { archivedAt: unknown } }).data.archivedAt, null)
})
