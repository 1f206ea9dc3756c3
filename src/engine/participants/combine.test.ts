import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessDeniedReason } from '../../api.gen.ts'
import type { Decision } from '../../entitlements/index.ts'
import {
  BUDGET_EXCEEDED,
  combine,
  denyingKeys,
  denyUnknown,
  isDeniedByDimensions,
  isFinal,
} from './combine.ts'

const granted: Decision = { isGranted: true, accessDeniedReason: null, rule: 'HardLimit' }
const denied: Decision = {
  isGranted: false,
  accessDeniedReason: 'RequestedUsageExceedingLimit',
  rule: 'HardLimit',
}

type Row = [
  entitled: Decision,
  unresolved: string[],
  choice: 'ignore' | 'deny',
  budgets: boolean,
  reason: AccessDeniedReason | null,
  rule: Decision['rule'],
]
const ROWS: Row[] = [
  [granted, [], 'deny', true, null, 'HardLimit'],
  [granted, [], 'deny', false, 'BudgetExceeded', 'Budget'],
  [granted, ['userId'], 'ignore', true, null, 'HardLimit'],
  [granted, ['userId'], 'ignore', false, 'BudgetExceeded', 'Budget'],
  [granted, ['userId'], 'deny', true, 'EntitlementNotFound', 'UnknownDimensions'],
  [granted, ['userId'], 'deny', false, 'EntitlementNotFound', 'UnknownDimensions'],
  [denied, ['userId'], 'deny', true, 'RequestedUsageExceedingLimit', 'HardLimit'],
  [denied, ['userId'], 'deny', false, 'RequestedUsageExceedingLimit', 'HardLimit'],
]
for (const [entitled, unresolved, choice, isWithin, reason, rule] of ROWS)
  test(`${entitled.rule} ${entitled.isGranted}, unknown [${unresolved}] ${choice}, budgets ${isWithin}: ${rule}`, () => {
    const known = denyUnknown(entitled, denyingKeys(unresolved, choice))
    const decision = combine(known, isWithin ? null : BUDGET_EXCEEDED)
    assert.deepEqual(decision, { isGranted: reason === null, accessDeniedReason: reason, rule })
    assert.equal(isDeniedByDimensions(decision), rule === 'UnknownDimensions')
    assert.equal(isFinal(decision), rule === 'UnknownDimensions')
  })
