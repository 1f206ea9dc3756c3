import { isDeepStrictEqual } from 'node:util'
import type { Catalog, CatalogReference } from '../../api.gen.ts'
import { type Item, itemsOf, keyOf } from './items.ts'

/** Undefined: the object does not have the field. */
export type FieldChange = { field: string; before: unknown; after: unknown }

/** What happens to an object. `item` is the object after it, or before its archive. */
export type ItemChange = {
  action: 'CREATE' | 'UPDATE' | 'ARCHIVE'
  item: Item
  fields: readonly FieldChange[]
}

export type Difference = {
  /** In an order in which each of them is possible. */
  changes: readonly ItemChange[]
  /** What only `before` has and what stays. */
  left: readonly CatalogReference[]
}

/**
 * Returns what makes one catalog from another. What only `before` has is archived if `archives`,
 * and stays otherwise. Neither may have mistakes.
 */
export function compareCatalogs(
  before: Catalog,
  after: Catalog,
  { archives }: { archives: boolean },
): Difference {
  const [found, wanted] = [itemsOf(before), itemsOf(after)]
  const changes = inOrder(wanted).flatMap((item): ItemChange[] => {
    const known = found.get(keyOf(item))
    const fields = changedFields(known?.fields ?? {}, item.fields)
    if (known === undefined) return [{ action: 'CREATE', item, fields }]
    return fields.length === 0 ? [] : [{ action: 'UPDATE', item, fields }]
  })
  const left = inOrder(found)
    .filter((item) => !wanted.has(keyOf(item)))
    .toReversed()
  const gone = left.filter((item) => !goesWithProduct(item, wanted))
  return archives
    ? {
        changes: [
          ...changes,
          ...gone.map((item): ItemChange => ({ action: 'ARCHIVE', item, fields: [] })),
        ],
        left: [],
      }
    : { changes, left: left.map(({ type, id }) => ({ type, id })) }
}

/** The archive of a product archives its plans and add-ons. */
const goesWithProduct = ({ fields }: Item, wanted: ReadonlyMap<string, Item>): boolean =>
  typeof fields.productId === 'string' &&
  !wanted.has(keyOf({ type: 'PRODUCT', id: fields.productId }))

function changedFields(before: Item['fields'], after: Item['fields']): FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((field) => {
    const [was, is] = [before[field], after[field]]
    return isDeepStrictEqual(was, is) ? [] : [{ field, before: was, after: is }]
  })
}

const TYPES = ['FEATURE', 'CURRENCY', 'PRODUCT', 'ADDON', 'PLAN'] as const

/** Returns the objects after those that they name: add-ons before plans, parents before others. */
function inOrder(items: ReadonlyMap<string, Item>): Item[] {
  const ordered = new Set<Item>()
  const add = (item: Item | undefined, depth = 0): void => {
    // Longer chains are refused. The bound also ends cycles.
    if (item === undefined || ordered.has(item) || depth > items.size) return
    for (const name of namedBy(item)) add(items.get(name), depth + 1)
    ordered.add(item)
  }
  for (const type of TYPES) for (const item of items.values()) if (item.type === type) add(item)
  return [...ordered]
}

function namedBy({ type, fields }: Item): string[] {
  const { parentPlanId, dependencies = [] } = fields as {
    parentPlanId?: string
    dependencies?: readonly string[]
  }
  if (type === 'PLAN') return parentPlanId === undefined ? [] : [keyOf({ type, id: parentPlanId })]
  return type === 'ADDON' ? dependencies.map((id) => keyOf({ type, id })) : []
}
