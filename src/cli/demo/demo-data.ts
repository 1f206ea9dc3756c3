import { readFile } from 'node:fs/promises'
import type {
  CustomerProvisionRequestBody,
  FeatureCreateFeatureRequestBody,
  IntegrationLinkRequestBody,
  PromotionalEntitlementInput,
  UpsertEntity,
  UpsertEntityType,
} from '../../contract.gen.ts'

/** What the demo fills an environment with, in the words of the API. */
export type DemoData = {
  entityTypes: readonly UpsertEntityType[]
  customers: readonly CustomerProvisionRequestBody[]
  links: readonly DemoLink[]
  entities: readonly DemoEntities[]
  features: readonly FeatureCreateFeatureRequestBody[]
  grants: readonly DemoGrant[]
}

export type DemoLink = IntegrationLinkRequestBody & { customerId: string }
export type DemoGrant = PromotionalEntitlementInput & { customerId: string }
export type DemoEntities = { customerId: string; entities: readonly UpsertEntity[] }

const FOLDER = new URL('../../../demo/', import.meta.url)

/** Reads `company.json`, and for each customer its entities, one on a line. */
export async function readDemoData(folder: URL = FOLDER): Promise<DemoData> {
  const text = await readFile(new URL('company.json', folder), 'utf8')
  const company = JSON.parse(text) as Omit<DemoData, 'entities'>
  const entities = company.customers.map(async ({ id }) => {
    const lines = (await readFile(new URL(`${id}.entities.jsonl`, folder), 'utf8')).trim()
    return { customerId: id, entities: lines.split('\n').map((line) => JSON.parse(line)) }
  })
  return { ...company, entities: await Promise.all(entities) }
}
