/** A budget whose usage reached thresholds, as its event tells it. */
export type Breach = {
  entityId: string
  /** Id of the feature or the currency. */
  capabilityId: string
  /** Percentages of the limit, ascending. */
  thresholds: readonly number[]
  usageLimit: number | null
  currentUsage: number
  periodEnd: string | null
}

const textIn = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const numberIn = (value: unknown): number | null => (typeof value === 'number' ? value : null)

/** Reads the object of an event. Null if it is not what this version knows. */
export function crossingIn(data: object | null): Breach | null {
  const fields: Record<string, unknown> = { ...data }
  const entityId = textIn(fields.entityId)
  const capabilityId = textIn(fields.featureId) ?? textIn(fields.currencyId)
  const currentUsage = numberIn(fields.currentUsage)
  if (entityId === null || capabilityId === null || currentUsage === null) return null
  const thresholds: unknown[] = Array.isArray(fields.thresholds) ? fields.thresholds : []
  return {
    entityId,
    capabilityId,
    thresholds: thresholds.filter((each) => typeof each === 'number'),
    usageLimit: numberIn(fields.usageLimit),
    currentUsage,
    periodEnd: textIn(fields.usagePeriodEnd),
  }
}
