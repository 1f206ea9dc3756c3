import { instantFromWire } from '../../src/kernel/clock.ts'
import { furnishFeatures } from './grants.ts'
import { NOW, type Tenant, type World } from './world.ts'

export const DAY_MS = 86_400_000

/** Returns functions for promotional entitlements of `acme`. The world needs its own database. */
export function promotionalIn(world: World) {
  const { clock, bursar } = world
  return {
    /** Creates an environment at `NOW`, with the customer and features of `furnishFeatures`. */
    openTenant: async (): Promise<Tenant> => {
      clock.moveTo(instantFromWire(NOW))
      const tenant = await world.tenant()
      await furnishFeatures(tenant)
      return tenant
    },
    /** Advances the clock and runs the work that is due. */
    pass: async (ms: number): Promise<void> => {
      clock.moveTo(bursar.app.clock.now() + ms)
      await bursar.jobs.runNow()
    },
  }
}
