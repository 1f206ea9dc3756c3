import { CUSTOMERS, ENTITIES, FEATURES, type Scene, TYPES } from './scene.ts'

const COUNTED = FEATURES.filter(({ meterType }) => meterType !== 'None').map(({ id }) => id)
const BUDGETED = ['tokens', 'seats', 'calls', 'spend']

const params = { id: CUSTOMERS[0] }

/** How many checks wait at a time. On a server without memory, each of them needs a connection. */
const AT_ONCE = 16

/** Requests to a server, by their names, with the texts of the responses. */
export type Portrait = Map<string, string>

/** A range that contains all usage of the laws, and is so short that the history has days. */
const DAYS = { startDate: '2026-04-10T00:00:00.000Z', endDate: '2026-07-10T00:00:00.000Z' }

/**
 * Returns what a server shows of the first customer: all budgets, the usage of each day, and checks
 * of features for each entity.
 */
export async function portraitOf(
  scene: Scene,
  requestedUsage: readonly number[] = [1],
): Promise<Portrait> {
  const questions = COUNTED.map((featureId): Record<string, string> => ({ featureId }))
  for (const [id, type] of Object.entries(ENTITIES))
    for (const featureId of BUDGETED)
      questions.push({ featureId, [`dimensions[${TYPES[type]}]`]: id })
  const asked = questions.flatMap((question) =>
    requestedUsage.map((requested) => ({ ...question, requestedUsage: String(requested) })),
  )
  const portrait: Portrait = new Map([['budgets', await budgets(scene)]])
  for (let next = 0; next < asked.length; next += AT_ONCE) {
    const some = asked.slice(next, next + AT_ONCE)
    const answers = await Promise.all(some.map((query) => answer(scene, query)))
    for (const [index, query] of some.entries())
      portrait.set(JSON.stringify(query), answers[index] ?? '')
  }
  // One after the other: a heavy read that has to wait for seconds is refused.
  for (const id of COUNTED) portrait.set(`days of ${id}`, await days(scene, id))
  return portrait
}

async function answer({ tenant }: Scene, query: Record<string, string>): Promise<string> {
  const { data } = await tenant.ok('v1Beta.customers.entitlements.check', { params, query })
  return JSON.stringify(data)
}

async function budgets({ tenant }: Scene): Promise<string> {
  const { data } = await tenant.ok('v1.events.beta.customers.retrieveGovernance', {
    params,
    query: { featureIds: COUNTED.join(','), limit: '100', sortBy: 'id', order: 'asc' },
  })
  return JSON.stringify(data)
}

async function days({ tenant }: Scene, featureId: string): Promise<string> {
  const of = { customerId: CUSTOMERS[0], featureId }
  const { data } = await tenant.ok('v1.usage.history', { params: of, query: DAYS })
  return JSON.stringify(data)
}
