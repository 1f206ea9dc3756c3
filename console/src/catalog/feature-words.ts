import type { FeatureType, MeterType } from '../../../src/api.gen.ts'
import type { Choice } from '../ui/select.tsx'

/** What features are called in sentences and lists. */
export const TYPE_WORDS: Readonly<Record<FeatureType, string>> = {
  NUMBER: 'number',
  BOOLEAN: 'switch',
  ENUM: 'choice',
}

export const METER_WORDS: Readonly<Record<MeterType, string>> = {
  None: 'not counted',
  INCREMENTAL: 'counted',
  FLUCTUATING: 'level',
}

export const TYPE_CHOICES: readonly Choice<FeatureType>[] = [
  { value: 'NUMBER', label: 'number: a limit, or a plain number' },
  { value: 'BOOLEAN', label: 'switch: on or off' },
  { value: 'ENUM', label: 'choice: one or several values' },
]

export const METER_CHOICES: readonly Choice<MeterType>[] = [
  { value: 'INCREMENTAL', label: 'counted: usage adds up' },
  { value: 'FLUCTUATING', label: 'level: goes up and down, such as seats' },
  { value: 'None', label: 'not counted' },
]
