import type { State } from '../../catalog/state-filter.ts'

export const TEXTS = {
  lead: 'Currencies of credits, such as tokens. They cannot be converted into each other or into money.',
  empty: 'No currencies yet.',
  call: 'POST /api/v1/credits/custom-currencies',
  idHint: 'As your code names it. It cannot be changed later.',
  archived: 'The currency is archived. Unarchive it first.',
  usedBy: 'Granted by',
} as const

export const STATUSES: Readonly<Record<State, readonly ('ACTIVE' | 'ARCHIVED')[]>> = {
  active: ['ACTIVE'],
  archived: ['ARCHIVED'],
  all: ['ACTIVE', 'ARCHIVED'],
}
