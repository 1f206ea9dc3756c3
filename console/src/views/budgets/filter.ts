import type { Search } from '../../address-state.ts'
import { type Choice, choiceIn, labelledChoices } from '../../ui/choices.ts'

type Order = 'exhaustsAt' | 'utilization'

export const ORDERS = labelledChoices<Order>({
  exhaustsAt: 'runs out first',
  utilization: 'fullest first',
})

/** In days. */
export const WITHIN: readonly Choice<string>[] = [
  { value: '', label: 'at any time' },
  { value: '1', label: 'within a day' },
  { value: '7', label: 'this week' },
  { value: '31', label: 'within a month' },
]

export const SHARES: readonly Choice<string>[] = [
  { value: '', label: 'any part' },
  { value: '0.5', label: 'from 50%' },
  { value: '0.8', label: 'from 80%' },
  { value: '1', label: 'all' },
]

type BudgetFilters = ReturnType<typeof readFilters>

export const readOrder = ({ order }: Search) => ({
  order: choiceIn(ORDERS, order, 'exhaustsAt'),
})

export const readFilters = (search: Search) => ({
  within: choiceIn(WITHIN, search.within, ''),
  share: choiceIn(SHARES, search.share, ''),
  type: search.type ?? '',
  feature: search.feature ?? '',
  customer: search.customer ?? '',
})

export const queryOf = ({ within, share, type, feature, customer }: BudgetFilters) => ({
  ...(within !== '' && { exhaustsWithinDays: Number(within) }),
  ...(share !== '' && { minUtilization: Number(share) }),
  ...(type !== '' && { entityTypeIds: [type] }),
  ...(feature !== '' && { featureIds: [feature] }),
  ...(customer !== '' && { customerId: customer }),
})
