import type { ReservationOverage, ReservationStatus } from '../../../../src/api.gen.ts'
import { labelledChoices, plainChoices } from '../../ui/choices.ts'
import type { Tone } from '../../ui/text.tsx'

export const STATUSES = plainChoices<ReservationStatus>('open', 'committed', 'released', 'expired')

export const toneOf = (status: ReservationStatus): Tone => (status === 'open' ? 'held' : 'plain')

export const TEXTS = {
  empty: 'Nothing is held. Amounts that are reserved, and not yet used or given back, appear here.',
  release: 'The amount is free again, and nothing is recorded. This cannot be undone.',
  commit: 'Counts as real usage, and ends the hold. This cannot be undone.',
  denied: 'The rest was denied. The hold stays open.',
  extend: 'The amount stays in the periods in which it was held.',
} as const

export const OVERAGES = labelledChoices<ReservationOverage>({
  reject: 'is refused',
  allow_if_available: 'counts if the limits allow it',
  allow_overdraft: 'counts in any case',
})

export const LENGTHS = [
  { value: '300', label: '5 minutes' },
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '1 day' },
] as const
export type Length = (typeof LENGTHS)[number]['value']
