import assert from 'node:assert/strict'
import { ask, type Call, type Json } from './keep-alive-client.ts'

export type Metadata = Record<string, string>
export type EntityWire = { id: string; entityTypeId?: string; metadata: Metadata }

const PAGE = 100

const entitiesOf = (customerId: string) => `/api/v1/customers/${customerId}/entities`

/** The call that creates or changes entities of a customer. */
export const upsertCall = (customerId: string, entities: readonly EntityWire[]): Call => ({
  method: 'PUT',
  path: entitiesOf(customerId),
  body: { entities },
})

export const customerCall = (id: string): Call => ({
  method: 'POST',
  path: '/api/v1/customers',
  body: { id },
})

/** Calls an operation that must succeed. Returns the body of the response. */
export async function done(url: string, call: Call): Promise<Json> {
  const { status, body } = await ask(url, call)
  assert.ok(status < 300, `${call.method} ${call.path}: ${status} ${JSON.stringify(body)}`)
  return body
}

/** Makes the entity type `user` and the customers. */
export async function prepare(url: string, customerIds: readonly string[]): Promise<void> {
  const types = [{ id: 'user', displayName: 'User', attributionKeys: ['userId'] }]
  await done(url, { method: 'PUT', path: '/api/v1/entity-types', body: { types } })
  for (const id of customerIds) await done(url, customerCall(id))
}

/** The metadata of all entities of a customer, by their ids, read page by page. */
export async function readEntities(
  url: string,
  customerId: string,
): Promise<Map<string, Metadata>> {
  const found = new Map<string, Metadata>()
  let after: string | null = null
  do {
    const cursor = after === null ? '' : `&after=${after}`
    const path = `${entitiesOf(customerId)}?limit=${PAGE}${cursor}`
    const page = await done(url, { method: 'GET', path })
    for (const entity of page.data) {
      assert.ok(!found.has(entity.id), `${entity.id} stands on two pages`)
      found.set(entity.id, entity.metadata)
    }
    after = page.pagination.next
  } while (after !== null)
  return found
}
