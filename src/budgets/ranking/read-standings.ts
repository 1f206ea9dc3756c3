import type { Reader } from '../../db/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { type CapabilityWithId, findCapabilitiesByKey } from '../read-capabilities.ts'
import { type BudgetKey, findCounted, type Standing, standingOf } from '../standings/index.ts'

export type BudgetNumbers = { standing: Standing; capability: CapabilityWithId }

/** Returns the numbers of budgets at an instant. Budgets that do not exist are left out. */
export async function readStandings(
  reader: Reader,
  keys: readonly BudgetKey[],
  now: Instant,
): Promise<ReadonlyMap<Uuid, BudgetNumbers>> {
  const counted = await findCounted(reader, { keys, now })
  const capabilities = await findCapabilitiesByKey(reader, [
    ...new Set(counted.map(({ capabilityKey }) => capabilityKey)),
  ])
  return new Map(
    counted.flatMap((each): [Uuid, BudgetNumbers][] => {
      const capability = capabilities.get(each.capabilityKey)
      if (capability === undefined) return []
      const { transformation } = capability
      const standing = standingOf(each, { transformation, now })
      return [[each.assignmentKey, { standing, capability }]]
    }),
  )
}
