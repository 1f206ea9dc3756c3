import type { World } from '../types.ts'
import { provision, upsertOf } from './fixtures.ts'

/** The customer with many entities, and their number. */
export const MANY_CUSTOMER = 'bench-many'
export const MANY = 100_000

export const manyId = (number: number): string => `entity-${String(number).padStart(8, '0')}`

let done = false

/** Creates 100,000 entities of a customer, as copies of one that the real command created. */
export async function prepareMany(world: World): Promise<void> {
  if (done) return
  await provision(world, MANY_CUSTOMER)
  await world.run(upsertOf(MANY_CUSTOMER, [manyId(0)], 0))
  await world.execute(`
    insert into entities (customer_key, entity_key, environment_key, id, entity_type_key,
      display_name, metadata, created_at, updated_at)
    select e.customer_key, uuidv7(), e.environment_key, 'entity-' || lpad(n::text, 8, '0'),
      e.entity_type_key, 'Entity ' || n, e.metadata || jsonb_build_object('seat', 'A-' || n),
      e.created_at, e.updated_at
    from entities e, generate_series(1, ${MANY - 1}) n
    where e.id = '${manyId(0)}'`)
  await world.execute('vacuum analyze entities')
  done = true
}
