import type { ProductStatus } from '../../../../src/api.gen.ts'
import type { State } from '../../catalog/state-filter.ts'

export const TEXTS = {
  lead: 'What is sold: plans, and add-ons to them. Customers subscribe to the plans of a product.',
  empty: 'No products yet.',
  call: 'POST /api/v1/products',
  idHint: 'As your code names it. It cannot be changed later.',
  several: 'Several subscriptions at once',
  severalHint: 'A customer may have more than one to this product.',
} as const

export const STATUSES: Readonly<Record<State, readonly ProductStatus[]>> = {
  active: ['PUBLISHED'],
  archived: ['ARCHIVED'],
  all: [],
}
