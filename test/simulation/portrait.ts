import { CUSTOMERS, ENTITIES, FEATURES, type Scene, TYPES } from './scene.ts'

const COUNTED = FEATURES.filter(({ meterType }) => meterType !== 'None').map(({ id }) => id)
const BUDGETED = ['tokens', 'seats', 'calls', 'spend']

const params = { id: CUSTOMERS[0] }

/** A question that can be asked of a server, and the text of its answer. */
export type Portrait = Map<string, string>

/** What a server says to the first customer of every budget, and of features for each entity. */
export async function portraitOf(
  scene: Scene,
  requestedUsage: readonly number[] = [1],
): Promise<Portrait> {
  const portrait: Portrait = new Map()
  const questions = COUNTED.map((featureId): Record<string, string> => ({ featureId }))
  for (const [id, type] of Object.entries(ENTITIES))
    for (const featureId of BUDGETED)
      questions.push({ featureId, [`dimensions[${TYPES[type]}]`]: id })
  for (const question of questions)
    for (const requested of requestedUsage) {
      const query = { ...question, requestedUsage: String(requested) }
      const { data } = await scene.tenant.ok('v1Beta.customers.entitlements.check', {
        params,
        query,
      })
      portrait.set(JSON.stringify(query), JSON.stringify(data))
    }
  return portrait.set('budgets', await budgets(scene))
}

async function budgets({ tenant }: Scene): Promise<string> {
  const { data } = await tenant.ok('v1.events.beta.customers.retrieveGovernance', {
    params,
    query: { featureIds: COUNTED.join(','), limit: '100', sortBy: 'id', order: 'asc' },
  })
  return JSON.stringify(data)
}
