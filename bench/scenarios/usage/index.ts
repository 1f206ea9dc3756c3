import type { Scenario } from '../../types.ts'
import { checksWithChains } from './check.ts'
import { consumptions } from './consume.ts'
import { reports } from './report.ts'

/** Scenarios on a tree of four levels with two scoped budgets. A use counts for six budgets. */
export const usage: readonly Scenario[] = [...checksWithChains, ...reports, ...consumptions]
