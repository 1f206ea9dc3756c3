import type { Search } from '../../address-state.ts'
import type { Choice } from '../../ui/select.tsx'

type Order = 'exhaustsAt' | 'utilization'

export const ORDERS: readonly Choice<Order>[] = [
  { value: 'exhaustsAt', label: 'runs out first' },
  { value: 'utilization', label: 'fullest first' },
]

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

export type BudgetsAddress = {
  order: Order
  within: string
  share: string
  type: string
  feature: string
  customer: string
}

const among = (choices: readonly Choice<string>[], value: string | undefined): string =>
  choices.find((each) => each.value === value)?.value ?? ''

export const readAddress = (search: Search): BudgetsAddress => ({
  order: search.order === 'utilization' ? 'utilization' : 'exhaustsAt',
  within: among(WITHIN, search.within),
  share: among(SHARES, search.share),
  type: search.type ?? '',
  feature: search.feature ?? '',
  customer: search.customer ?? '',
})

export const isFiltered = ({ order: _, ...filters }: BudgetsAddress): boolean =>
  Object.values(filters).some((value) => value !== '')

export const queryOf = ({ order, within, share, type, feature, customer }: BudgetsAddress) => ({
  sortBy: order,
  ...(within !== '' && { exhaustsWithinDays: Number(within) }),
  ...(share !== '' && { minUtilization: Number(share) }),
  ...(type !== '' && { entityTypeIds: [type] }),
  ...(feature !== '' && { featureIds: [feature] }),
  ...(customer !== '' && { customerId: customer }),
})
