import type {
  CustomerProvisionRequestBody,
  FeatureCreateFeatureRequestBody,
  UpsertEntity,
} from '../../contract.gen.ts'
import { type Api, RefusedError } from '../api.ts'
import type { DemoData, DemoGrant, DemoLink } from './demo-data.ts'

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

/** As many as the contract takes at once. */
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
    title: 'entities',
    count: ({ entities }) => entities.reduce((sum, each) => sum + each.entities.length, 0),
    run: async (api, data, advance) => {
      for (const { customerId, entities } of data.entities)
        for (const batch of batches(entities)) {
          await api.succeed('PUT', `/api/v1/customers/${encodeURIComponent(customerId)}/entities`, {
            entities: batch,
          })
          advance(batch.length)
        }
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
    title: 'promotional entitlements',
    count: ({ grants }) => grants.length,
    run: async (api, { grants }, advance) => {
      for (const grant of grants) {
        await putGrant(api, grant)
        advance(1)
      }
    },
  },
]

/** Provisions a customer; one that is there is taken back into use if need be, and updated. */
async function putCustomer(api: Api, customer: CustomerProvisionRequestBody): Promise<void> {
  const provisioned = await api.send('POST', '/api/v1/customers', customer)
  if (provisioned.status !== 409) return requireSuccess('POST /api/v1/customers', provisioned)
  const { id, defaultPaymentMethod: _, ...changes } = customer
  const path = `/api/v1/customers/${encodeURIComponent(id)}`
  const updated = await api.send('PATCH', path, changes)
  if (updated.body.code !== 'EntityIsArchivedError') return requireSuccess(`PATCH ${path}`, updated)
  await api.succeed('POST', `${path}/unarchive`)
  await api.succeed('PATCH', path, changes)
}

/** Links a customer; a link that is there is pointed at the record. */
async function putLink(api: Api, { customerId, ...link }: DemoLink): Promise<void> {
  const path = `/api/v1/customers/${encodeURIComponent(customerId)}/integrations`
  const linked = await api.send('POST', path, link)
  if (linked.body.code !== 'DuplicateIntegrationNotAllowed')
    return requireSuccess(`POST ${path}`, linked)
  const { syncedEntityId } = link
  await api.succeed('PATCH', `${path}/${encodeURIComponent(link.id)}`, { syncedEntityId })
}

/** Makes a feature; one that is there is taken back into use if need be, and updated. */
async function putFeature(api: Api, feature: FeatureCreateFeatureRequestBody): Promise<void> {
  const created = await api.send('POST', '/api/v1/features', feature)
  if (created.status !== 409) return requireSuccess('POST /api/v1/features', created)
  const { id, featureType: _, meterType: __, ...changes } = feature
  const path = `/api/v1/features/${encodeURIComponent(id)}`
  const updated = await api.send('PATCH', path, changes)
  if (updated.body.code !== 'EntityIsArchivedError') return requireSuccess(`PATCH ${path}`, updated)
  await api.succeed('POST', `${path}/unarchive`)
  await api.succeed('PATCH', path, changes)
}

/** Grants a feature to a customer; one that is granted already stays as it is. */
async function putGrant(api: Api, { customerId, ...grant }: DemoGrant): Promise<void> {
  const path = `/api/v1/customers/${encodeURIComponent(customerId)}/promotional-entitlements`
  const granted = await api.send('POST', path, { promotionalEntitlements: [grant] })
  if (granted.status !== 409) requireSuccess(`POST ${path}`, granted)
}

function requireSuccess(request: string, answer: Awaited<ReturnType<Api['send']>>): void {
  if (answer.status >= 300) throw new RefusedError(request, answer)
}

function* batches(entities: readonly UpsertEntity[]): Generator<readonly UpsertEntity[]> {
  for (let start = 0; start < entities.length; start += BATCH)
    yield entities.slice(start, start + BATCH)
}
