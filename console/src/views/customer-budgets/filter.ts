import type { Search } from '../../address-state.ts'
import { choiceIn, labelledChoices } from '../../ui/choices.ts'

export const ORDERS = labelledChoices({
  name: 'by name',
  utilization: 'fullest first',
  exhaustsAt: 'runs out first',
  currentUsage: 'most used first',
  createdAt: 'newest first',
})
type Order = (typeof ORDERS)[number]['value']

/** What the address of the tree says. */
export type TreeAddress = {
  feature: string
  /** Features that are shown beside it. */
  beside: readonly string[]
  text: string
  order: Order
  isFlat: boolean
  entity: string
}

export const readAddress = (search: Search): TreeAddress => ({
  feature: search.feature ?? '',
  beside: (search.beside ?? '').split(',').filter((id) => id !== ''),
  text: search.q ?? '',
  order: choiceIn(ORDERS, search.order, 'name'),
  isFlat: search.view === 'flat',
  entity: search.entity ?? '',
})

export type TreeFilter = {
  /** Shows all entities, whatever their parent. */
  isFlat: boolean
  query: { featureIds?: string[]; sortBy: Order; search?: string }
}

/** Orders by budgets need a feature. A search leaves out parents, so what it finds is flat. */
export function filterOf(address: TreeAddress, features: readonly string[]): TreeFilter {
  const { order, text, isFlat } = address
  const needsFeature = order !== 'name' && order !== 'createdAt'
  return {
    isFlat: isFlat || text !== '',
    query: {
      ...(features.length > 0 && { featureIds: [...features] }),
      sortBy: needsFeature && features.length === 0 ? 'name' : order,
      ...(text !== '' && { search: text }),
    },
  }
}
