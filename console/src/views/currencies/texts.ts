import type { Choice } from '../../ui/select.tsx'

export const TEXTS = {
  lead: 'Currencies of credits, such as tokens. They cannot be converted into each other or into money.',
  empty: 'No currencies yet.',
  call: 'POST /api/v1/credits/custom-currencies',
  idHint: 'As your code names it. It cannot be changed later.',
  archived: 'The currency is archived. Unarchive it first.',
  usedBy: 'Granted by',
} as const

export type State = 'active' | 'archived' | 'all'

export const STATES: readonly Choice<State>[] = [
  { value: 'active', label: 'active' },
  { value: 'archived', label: 'archived' },
  { value: 'all', label: 'all' },
]

export const STATUSES: Readonly<Record<State, readonly ('ACTIVE' | 'ARCHIVED')[]>> = {
  active: ['ACTIVE'],
  archived: ['ARCHIVED'],
  all: ['ACTIVE', 'ARCHIVED'],
}
