import { PAGE_BYTES } from '../../db/index.ts'
import type { AncestorBudget, OwnBudget } from './row-store.ts'
import type { TreeEntity } from './types.ts'

/** The budgets of a row: of the entity, and those above that it may show. */
export type EntityBudgets = {
  own: readonly OwnBudget[]
  above: readonly AncestorBudget[]
}

/** What the parts of a row need at most as JSON, in bytes, besides names and scopes. */
const ROW_BYTES = 500
const CAPABILITY_BYTES = 400
const BUDGET_BYTES = 600
/** A quoted id. */
const ID_BYTES = 258
/** A display name of 255 characters, each of them escaped. */
const NAME_BYTES = 1600

const sizeOf = ({ scopeSize }: { scopeSize: number }): number => BUDGET_BYTES + scopeSize * ID_BYTES

/** The most bytes of JSON for the budgets of an entity and a capability, if there are several. */
const BUDGETS_BYTES = 20_000

/** Returns the budgets without those that would make a row very long. */
export function ofModestSize(own: readonly OwnBudget[]): OwnBudget[] {
  const bytes = new Map<string, number>()
  return own.filter((each) => {
    const name = `${each.entityKey} ${each.capabilityKey}`
    const before = bytes.get(name) ?? 0
    bytes.set(name, before + sizeOf(each))
    return before === 0 || before + sizeOf(each) <= BUDGETS_BYTES
  })
}

/** Returns the entities whose rows fit into a page, at least one. */
export function fitting(
  entities: readonly TreeEntity[],
  capabilityCount: number,
  budgetsOfEntity: (entity: TreeEntity) => EntityBudgets,
): readonly TreeEntity[] {
  let bytes = 0
  const end = entities.findIndex((entity, index) => {
    const { own, above } = budgetsOfEntity(entity)
    const tightest = Math.max(0, ...above.map(sizeOf)) + NAME_BYTES
    bytes += ROW_BYTES + Buffer.byteLength(JSON.stringify(entity))
    bytes += capabilityCount * (CAPABILITY_BYTES + tightest)
    bytes += own.reduce((sum, each) => sum + sizeOf(each), 0)
    return index > 0 && bytes > PAGE_BYTES
  })
  return end === -1 ? entities : entities.slice(0, end)
}
