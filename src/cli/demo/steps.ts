import type { CustomerProvisionRequestBody } from '../../api.gen.ts'
import { type Api, type ApiResponse, RefusedError } from '../api.ts'
import type { DemoData, DemoLink, DemoSubscription } from './demo-data.ts'
import { putGrant } from './put-grant.ts'

/**
 * A step of the demo. It creates what is missing and updates what differs, so that a second run
 * changes nothing.
 */
export type Step = {
  title: string
  count(data: DemoData): number
  /** Calls `advance` with the number of objects that are done since the last call. */
  run(api: Api, data: DemoData, advance: (count: number) => void): Promise<void>
}

/** The limit of the API document. */
const ITEMS = 100

const oneByOne = <T>(
  title: string,
  itemsOf: (data: DemoData) => readonly T[],
  put: (api: Api, item: T) => Promise<void>,
): Step => ({
  title,
  count: (data) => itemsOf(data).length,
  run: async (api, data, advance) => {
    for (const item of itemsOf(data)) {
      await put(api, item)
      advance(1)
    }
  },
})

/** Each step needs those before it. */
export const STEPS: readonly Step[] = [
  {
    title: 'entity types',
    count: ({ entityTypes }) => entityTypes.length,
    run: async (api, { entityTypes }, advance) => {
      await api.succeed('PUT', '/api/v1/entity-types', { types: entityTypes })
      advance(entityTypes.length)
    },
  },
  {
    title: 'features, plans and add-ons',
    count: sizeOf,
    run: async (api, data, advance) => {
      await api.succeed('PUT', '/api/v1/catalog', { catalog: data.catalog })
      advance(sizeOf(data))
    },
  },
  oneByOne('customers', ({ customers }) => customers, putCustomer),
  oneByOne('integrations', ({ links }) => links, putLink),
  oneByOne('subscriptions', ({ subscriptions }) => subscriptions, putSubscription),
  oneByOne('promotional entitlements', ({ grants }) => grants, putGrant),
  {
    title: 'entities',
    count: ({ entities }) => entities.reduce((sum, each) => sum + each.entities.length, 0),
    run: async (api, data, advance) => {
      for (const { customerId, entities } of data.entities)
        for (const part of partsOf(entities)) {
          await api.succeed('PUT', `${pathOf(customerId)}/entities`, { entities: part })
          advance(part.length)
        }
    },
  },
  {
    title: 'budgets',
    count: ({ budgets }) => budgets.reduce((sum, each) => sum + each.budgets.length, 0),
    run: async (api, data, advance) => {
      for (const { customerId, budgets } of data.budgets)
        for (const part of partsOf(budgets)) {
          await api.succeed('PUT', `${pathOf(customerId)}/entities/entitlements`, {
            entityEntitlements: part,
          })
          advance(part.length)
        }
    },
  },
]

function sizeOf({ catalog: { features = [], products = [] } }: DemoData): number {
  return products.reduce(
    (sum, { plans = [], addons = [] }) => sum + plans.length + addons.length,
    features.length,
  )
}

/** Provisions a customer. An existing one is updated, and unarchived before if necessary. */
async function putCustomer(api: Api, customer: CustomerProvisionRequestBody): Promise<void> {
  const provisioned = await api.send('POST', '/api/v1/customers', customer)
  if (provisioned.status !== 409) return requireSuccess('POST /api/v1/customers', provisioned)
  const { id, defaultPaymentMethod: _, ...changes } = customer
  await update(api, pathOf(id), changes)
}

/** Updates the object at the path. If it is archived, unarchives it first. */
async function update(api: Api, path: string, changes: object): Promise<void> {
  const updated = await api.send('PATCH', path, changes)
  if (updated.body.code !== 'EntityIsArchivedError') return requireSuccess(`PATCH ${path}`, updated)
  await api.succeed('POST', `${path}/unarchive`)
  await api.succeed('PATCH', path, changes)
}

/** Links a customer. An existing link is changed to the record. */
async function putLink(api: Api, { customerId, ...link }: DemoLink): Promise<void> {
  const path = `${pathOf(customerId)}/integrations`
  const linked = await api.send('POST', path, link)
  if (linked.body.code !== 'DuplicateIntegrationNotAllowed')
    return requireSuccess(`POST ${path}`, linked)
  const { syncedEntityId } = link
  await api.succeed('PATCH', `${path}/${encodeURIComponent(link.id)}`, { syncedEntityId })
}

/** Provisions a subscription. One that exists, or has ended, stays as it is. */
async function putSubscription(api: Api, subscription: DemoSubscription): Promise<void> {
  const path = '/api/v1/subscriptions'
  const { status } = await api.send('GET', `${path}/${encodeURIComponent(subscription.id)}`)
  if (status === 404) await api.succeed('POST', path, subscription)
}

function requireSuccess(request: string, response: ApiResponse): void {
  if (response.status >= 300) throw new RefusedError(request, response)
}

const pathOf = (customerId: string) => `/api/v1/customers/${encodeURIComponent(customerId)}`

function* partsOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += ITEMS) yield items.slice(start, start + ITEMS)
}
