import { quantityFromSql, quantityToSql } from '../../kernel/quantity.ts'
import type { DefaultTrial } from './types.ts'

/** A trial as its column of JSON has it: the budget as text, because a JSON number is a double. */
type StoredTrial = Omit<DefaultTrial, 'budget'> & {
  budget: { hasSoftLimit: boolean; limit: string } | null
}

/** Decodes a trial. */
export function trialColumn(raw: string | null): DefaultTrial | null {
  if (raw === null) return null
  const { budget, ...trial }: StoredTrial = JSON.parse(raw)
  return { ...trial, budget: budget && { ...budget, limit: quantityFromSql(budget.limit) } }
}

/** Returns the JSON of a trial. */
export function trialToSql(trial: DefaultTrial | null): string | null {
  if (trial === null) return null
  const { budget } = trial
  const stored: StoredTrial = {
    ...trial,
    budget: budget && { ...budget, limit: quantityToSql(budget.limit) },
  }
  return JSON.stringify(stored)
}
