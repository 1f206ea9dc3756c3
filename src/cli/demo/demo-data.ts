import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type {
  Catalog,
  CustomerProvisionRequestBody,
  IntegrationLinkRequestBody,
  PromotionalEntitlementInput,
  SubscriptionProvisionRequestBody,
  UpsertAssignment,
  UpsertEntity,
  UpsertEntityType,
} from '../../api.gen.ts'
import { readYamlFile } from '../catalog/yaml-file.ts'

/** The data of the demo, in the wire form of the API. */
export type DemoData = {
  entityTypes: readonly UpsertEntityType[]
  catalog: Catalog
  customers: readonly CustomerProvisionRequestBody[]
  links: readonly DemoLink[]
  /** Each changes what the earlier ones of its customer have made. */
  subscriptions: readonly DemoSubscription[]
  grants: readonly DemoGrant[]
  entities: readonly DemoEntities[]
  budgets: readonly DemoBudgets[]
}

export type DemoSubscription = SubscriptionProvisionRequestBody & { id: string }
export type DemoLink = IntegrationLinkRequestBody & { customerId: string }
/** A promotional entitlement. Omitted fields are null. */
export type DemoGrant = { customerId: string } & Pick<
  PromotionalEntitlementInput,
  'featureId' | 'period'
> &
  Partial<PromotionalEntitlementInput>
export type DemoEntities = { customerId: string; entities: readonly UpsertEntity[] }
export type DemoBudgets = { customerId: string; budgets: readonly UpsertAssignment[] }

const FOLDER = new URL('../../../demo/', import.meta.url)

/** Reads the catalog, `company.json`, and the entities and budgets of each customer. */
export async function readDemoData(folder: URL = FOLDER): Promise<DemoData> {
  const text = await readFile(new URL('company.json', folder), 'utf8')
  const company = JSON.parse(text) as Omit<DemoData, 'catalog' | 'entities' | 'budgets'>
  const { value } = await readYamlFile('catalog.yaml', fileURLToPath(folder))
  const entities = company.customers.map(async ({ id }) => ({
    customerId: id,
    entities: await readLines<UpsertEntity>(new URL(`${id}.entities.jsonl`, folder)),
  }))
  const budgets = company.customers.map(async ({ id }) => ({
    customerId: id,
    budgets: await readLines<UpsertAssignment>(new URL(`${id}.budgets.jsonl`, folder)),
  }))
  return {
    ...company,
    catalog: value as Catalog,
    entities: await Promise.all(entities),
    budgets: await Promise.all(budgets),
  }
}

/** Returns the object on each line. The file may be missing: some customers have no budgets. */
async function readLines<T>(file: URL): Promise<T[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as T)
}
