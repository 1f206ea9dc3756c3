export const TEXTS = {
  lead: 'How this browser shows the console. Nobody else is affected.',
  theme: 'Theme',
  density: 'Density',
  densityHint: 'The height of rows and controls.',
  zone: 'Times',
  zoneHint: 'Windows of budgets begin and end in UTC, whatever is chosen here.',
} as const
