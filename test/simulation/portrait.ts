import { CUSTOMERS, ENTITIES, FEATURES, type Scene, TYPES } from './scene.ts'

const COUNTED = FEATURES.filter(({ meterType }) => meterType !== 'None').map(({ id }) => id)
const BUDGETED = ['tokens', 'seats', 'calls', 'spend']

/** A question that can be asked of a server, and the text of its answer. */
export type Portrait = Map<string, string>

/** What a server says of every budget, and of every feature for each entity. */
export async function portraitOf(
  scene: Scene,
  requestedUsage: readonly number[] = [1],
): Promise<Portrait> {
  const portrait: Portrait = new Map()
  for (const customerId of CUSTOMERS) {
    portrait.set(`${customerId}: budgets`, await budgets(scene, customerId))
    for (const featureId of COUNTED)
      for (const requested of requestedUsage) {
        const query = { featureId, requestedUsage: String(requested) }
        await ask(scene, portrait, { customerId, query })
      }
    for (const [id, type] of Object.entries(ENTITIES))
      for (const featureId of BUDGETED)
        for (const requested of requestedUsage) {
          const named = { [`dimensions[${TYPES[type]}]`]: id }
          const query = { featureId, requestedUsage: String(requested), ...named }
          await ask(scene, portrait, { customerId, query })
        }
  }
  return portrait
}

async function budgets({ tenant }: Scene, customerId: string): Promise<string> {
  const { data } = await tenant.ok('v1.events.beta.customers.retrieveGovernance', {
    params: { id: customerId },
    query: { featureIds: COUNTED.join(','), limit: '100', sortBy: 'id', order: 'asc' },
  })
  return JSON.stringify(data)
}

type Question = { customerId: string; query: Record<string, string> }

async function ask({ tenant }: Scene, portrait: Portrait, { customerId, query }: Question) {
  const answer = await tenant.ok('v1Beta.customers.entitlements.check', {
    params: { id: customerId },
    query,
  })
  portrait.set(`${customerId}: ${JSON.stringify(query)}`, JSON.stringify(answer.data))
}
