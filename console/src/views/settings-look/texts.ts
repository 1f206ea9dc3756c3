import type { Preferences } from '../../preferences.ts'
import { labelledChoices } from '../../ui/choices.ts'

export const TEXTS = {
  lead: 'How this browser shows the console. Nobody else is affected.',
  theme: 'Theme',
  density: 'Density',
  densityHint: 'The height of rows and controls.',
  zone: 'Times',
  zoneHint: 'Windows of budgets begin and end in UTC, whatever is chosen here.',
} as const

export const THEMES = labelledChoices<Preferences['theme']>({
  system: 'System',
  light: 'Light',
  dark: 'Dark',
})

export const DENSITIES = labelledChoices<Preferences['density']>({
  comfortable: 'Comfortable',
  normal: 'Normal',
  compact: 'Compact',
})

export const ZONES = labelledChoices<Preferences['zone']>({
  local: 'In my time zone',
  utc: 'In UTC',
})
