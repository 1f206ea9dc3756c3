import { required } from '../../src/kernel/assert.ts'
import { instantFromWire } from '../../src/kernel/clock.ts'
import { LATER, NOW, type Tenant, type World } from './world.ts'

/** Returns a function `fresh` that creates an environment, and functions that move the clock. */
export function environmentsIn(world: World) {
  let made: Tenant | null = null
  const moveTo = (instant: string) => world.clock.moveTo(instantFromWire(instant))
  const fresh = async (): Promise<Tenant> => {
    moveTo(NOW)
    made = await world.tenant()
    return made
  }
  const tenant = (): Tenant => required(made, 'an environment: call fresh first')
  /** The announced changes: for each, its type and the object before and after. */
  const changes = async () =>
    (await tenant().announced()).map(({ type, before, after }) => [type, before, after])
  return { fresh, tenant, moveTo, later: () => moveTo(LATER), changes }
}
