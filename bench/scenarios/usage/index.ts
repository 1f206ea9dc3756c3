import type { Scenario } from '../../types.ts'
import { checksWithChains } from './check.ts'
import { consumptions } from './consume.ts'
import { reports } from './report.ts'

/** On a tree of four levels with two scoped budgets: a use counts in six of them. */
export const usage: readonly Scenario[] = [...checksWithChains, ...reports, ...consumptions]
