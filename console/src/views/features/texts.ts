import type { FeatureStatus, FeatureType, MeterType } from '../../../../src/api.gen.ts'
import type { State } from '../../catalog/state-filter.ts'
import type { Choice } from '../../ui/select.tsx'

export const TEXTS = {
  lead: 'What customers can be granted: a switch, a number, a limit on usage, or a choice of values.',
  empty: 'No features yet.',
  call: 'POST /api/v1/features',
  idHint: 'As your code names it. It cannot be changed later, nor can the type.',
  events: 'events',
  reports: 'reports',
} as const

export const TYPES: readonly Choice<FeatureType | ''>[] = [
  { value: '', label: 'all' },
  { value: 'NUMBER', label: 'number' },
  { value: 'BOOLEAN', label: 'switch' },
  { value: 'ENUM', label: 'choice' },
]

export const METERS: readonly Choice<MeterType | ''>[] = [
  { value: '', label: 'all' },
  { value: 'INCREMENTAL', label: 'counted' },
  { value: 'FLUCTUATING', label: 'level' },
  { value: 'None', label: 'not counted' },
]

export const STATUSES: Readonly<Record<State, readonly FeatureStatus[]>> = {
  active: ['NEW', 'ACTIVE'],
  archived: ['SUSPENDED'],
  all: [],
}
