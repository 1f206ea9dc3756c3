import type { Preferences } from '../../preferences.ts'
import type { Choice } from '../../ui/select.tsx'

export const TEXTS = {
  lead: 'How this browser shows the console. Nobody else is affected.',
  theme: 'Theme',
  density: 'Density',
  densityHint: 'The height of rows and controls.',
  zone: 'Times',
  zoneHint: 'Windows of budgets begin and end in UTC, whatever is chosen here.',
} as const

export const THEMES: readonly Choice<Preferences['theme']>[] = [
  { value: 'system', label: 'System' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
]

export const DENSITIES: readonly Choice<Preferences['density']>[] = [
  { value: 'comfortable', label: 'Comfortable' },
  { value: 'normal', label: 'Normal' },
  { value: 'compact', label: 'Compact' },
]

export const ZONES: readonly Choice<Preferences['zone']>[] = [
  { value: 'local', label: 'In my time zone' },
  { value: 'utc', label: 'In UTC' },
]
