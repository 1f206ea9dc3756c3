import type { FeatureStatus } from '../../../../src/api.gen.ts'
import { METER_WORDS, TYPE_WORDS } from '../../catalog/feature-words.ts'
import type { State } from '../../catalog/state-filter.ts'
import { labelledChoices } from '../../ui/choices.ts'

export const TEXTS = {
  lead: 'What customers can be granted: a switch, a number, a limit on usage, or a choice of values.',
  empty: 'No features yet.',
  call: 'POST /api/v1/features',
  idHint: 'As your code names it. It cannot be changed later, nor can the type.',
  events: 'events',
  reports: 'reports',
} as const

export const TYPES = labelledChoices({ '': 'all', ...TYPE_WORDS })

export const METERS = labelledChoices({ '': 'all', ...METER_WORDS })

export const STATUSES: Readonly<Record<State, readonly FeatureStatus[]>> = {
  active: ['NEW', 'ACTIVE'],
  archived: ['SUSPENDED'],
  all: [],
}
