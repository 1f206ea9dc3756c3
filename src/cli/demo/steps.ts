import type { CustomerProvisionRequestBody } from '../../api.gen.ts'
import { type Api, RefusedError } from '../api.ts'
import type { DemoData, DemoFeature, DemoLink } from './demo-data.ts'
import { putGrant } from './put-grant.ts'

/**
 * A part of the demo. Every step converges: it makes what is missing, changes what differs, and a
 * second run changes nothing.
 */
export type Step = {
  title: string
  count(data: DemoData): number
  /** `advance` tells how many of the `count` things are done. */
  run(api: Api, data: DemoData, advance: (count: number) => void): Promise<void>
}

/** As many as the API document takes at once. */
const BATCH = 100

/** In the order in which they need each other. */
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
    title: 'features',
    count: ({ features }) => features.length,
    run: async (api, { features }, advance) => {
      for (const feature of features) {
        await putFeature(api, feature)
        advance(1)
      }
    },
  },
  {
    title: 'customers',
    count: ({ customers }) => customers.length,
    run: async (api, { customers }, advance) => {
      for (const customer of customers) {
        await putCustomer(api, customer)
        advance(1)
      }
    },
  },
  {
    title: 'integrations',
    count: ({ links }) => links.length,
    run: async (api, { links }, advance) => {
      for (const link of links) {
        await putLink(api, link)
        advance(1)
      }
    },
  },
  {
    title: 'entitlements',
    count: ({ grants }) => grants.length,
    run: async (api, { grants }, advance) => {
      for (const grant of grants) {
        await putGrant(api, grant)
        advance(1)
      }
    },
  },
  {
    title: 'entities',
    count: ({ entities }) => entities.reduce((sum, each) => sum + each.entities.length, 0),
    run: async (api, data, advance) => {
      for (const { customerId, entities } of data.entities)
        for (const batch of batches(entities)) {
          await api.succeed('PUT', `${pathOf(customerId)}/entities`, { entities: batch })
          advance(batch.length)
        }
    },
  },
  {
    title: 'budgets',
    count: ({ budgets }) => budgets.reduce((sum, each) => sum + each.budgets.length, 0),
    run: async (api, data, advance) => {
      for (const { customerId, budgets } of data.budgets)
        for (const batch of batches(budgets)) {
          await api.succeed('PUT', `${pathOf(customerId)}/entities/entitlements`, {
            entityEntitlements: batch,
          })
          advance(batch.length)
        }
    },
  },
]

/** Creates a feature; one that is there is taken back into use if need be, and updated. */
async function putFeature(api: Api, { meter, ...feature }: DemoFeature): Promise<void> {
  const created = await api.send('POST', '/api/v1/features', feature)
  if (created.status !== 409) requireSuccess('POST /api/v1/features', created)
  // A type never changes, the state not by an update, and a meter only by one.
  const { id, featureType: _type, meterType: _meterType, featureStatus: _state, ...rest } = feature
  const changes = meter === undefined ? rest : { ...rest, meter }
  await update(api, `/api/v1/features/${encodeURIComponent(id)}`, changes)
}

/** Provisions a customer; one that is there is taken back into use if need be, and updated. */
async function putCustomer(api: Api, customer: CustomerProvisionRequestBody): Promise<void> {
  const provisioned = await api.send('POST', '/api/v1/customers', customer)
  if (provisioned.status !== 409) return requireSuccess('POST /api/v1/customers', provisioned)
  const { id, defaultPaymentMethod: _, ...changes } = customer
  await update(api, pathOf(id), changes)
}

/** Changes what is at the path; if it is archived, takes it back into use first. */
async function update(api: Api, path: string, changes: object): Promise<void> {
  const updated = await api.send('PATCH', path, changes)
  if (updated.body.code !== 'EntityIsArchivedError') return requireSuccess(`PATCH ${path}`, updated)
  await api.succeed('POST', `${path}/unarchive`)
  await api.succeed('PATCH', path, changes)
}

/** Links a customer; a link that is there is pointed at the record. */
async function putLink(api: Api, { customerId, ...link }: DemoLink): Promise<void> {
  const path = `${pathOf(customerId)}/integrations`
  const linked = await api.send('POST', path, link)
  if (linked.body.code !== 'DuplicateIntegrationNotAllowed')
    return requireSuccess(`POST ${path}`, linked)
  const { syncedEntityId } = link
  await api.succeed('PATCH', `${path}/${encodeURIComponent(link.id)}`, { syncedEntityId })
}

function requireSuccess(request: string, answer: Awaited<ReturnType<Api['send']>>): void {
  if (answer.status >= 300) throw new RefusedError(request, answer)
}

const pathOf = (customerId: string) => `/api/v1/customers/${encodeURIComponent(customerId)}`

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += BATCH) yield items.slice(start, start + BATCH)
}
