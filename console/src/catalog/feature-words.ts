import type { FeatureType, MeterType } from '../../../src/api.gen.ts'
import { labelledChoices } from '../ui/choices.ts'

/** What features are called in sentences and lists. */
export const TYPE_WORDS: Readonly<Record<FeatureType, string>> = {
  NUMBER: 'number',
  BOOLEAN: 'switch',
  ENUM: 'choice',
}

export const METER_WORDS: Readonly<Record<MeterType, string>> = {
  INCREMENTAL: 'counted',
  FLUCTUATING: 'level',
  None: 'not counted',
}

export const TYPE_CHOICES = labelledChoices<FeatureType>({
  NUMBER: 'number: a limit, or a plain number',
  BOOLEAN: 'switch: on or off',
  ENUM: 'choice: one or several values',
})

export const METER_CHOICES = labelledChoices<MeterType>({
  INCREMENTAL: 'counted: usage adds up',
  FLUCTUATING: 'level: goes up and down, such as seats',
  None: 'not counted',
})
