import type { EnvironmentSettings } from '../../../../src/api.gen.ts'
import { labelledChoices } from '../../ui/choices.ts'

export const TEXTS = {
  unknown: 'Unknown dimensions',
  unknownHint:
    'What a check does with a dimension whose value names no entity. Reports and raw events count in both cases.',
  origins: 'Allowed origins',
  originsHint:
    'Web pages of these origins may call this environment, besides those of the server itself. Enter adds one.',
  saved: 'The settings were changed.',
} as const

export const UNKNOWN = labelledChoices<EnvironmentSettings['unknownDimensions']>({
  ignore: 'Ignore them',
  deny: 'Deny',
})
