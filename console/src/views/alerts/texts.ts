export const TEXTS = {
  lead: 'When usage of a budget reaches a share of its limit, an event is published. Each share counts once in each window.',
  thresholds: 'Thresholds of this environment',
  thresholdsHint:
    'Percentages of a limit, at most 10. Enter or a comma adds one. Without any, no event is published.',
  fired: 'What has fired',
  empty: (days: number) => `No budget reached a threshold in the last ${days} days.`,
  event: 'entity.entitlement.usage_exceeded',
} as const
