import { wholeUnits } from '../../../src/kernel/quantity.ts'
import { CREATED, createAcme, done, FEATURE } from './acme.ts'
import { type Check, check } from './check.ts'
import { reportUsage } from './record.ts'
import type { Outcome, State } from './state.ts'
import { type BudgetInput, upsertBudgets } from './structure.ts'
import type { Dimensions } from './tree.ts'

/** Returns the codes with which a request is refused. Empty if it succeeds. */
export const codes = (outcome: Outcome<unknown>): (string | null)[] =>
  'done' in outcome ? [] : outcome.refused.map(({ code }) => code)

export const budget = (entityId: string, usageLimit: number | null, more: object = {}) => ({
  entityId,
  featureId: FEATURE,
  usageLimit,
  cadence: 'P1M',
  ...more,
})

export const assign = (state: State, rows: readonly BudgetInput[], now = CREATED) =>
  upsertBudgets(state, { customerId: 'acme', rows, now })

/** Adds the budgets of the worked examples and the usage with which the examples start. */
export function createBudgeted(): State {
  const state = createAcme()
  done(
    assign(state, [
      budget('org-acme', 1000),
      budget('team-eng', 200, { parentId: 'org-acme' }),
      budget('team-eng', 50, { scopeEntityIds: ['gpt-4o'] }),
      budget('ann', 30, { parentId: 'team-eng', cadence: 'P1D' }),
    ]),
  )
  use(state, 10, { userId: 'ann' })
  use(state, 45, { teamId: 'team-eng', modelId: 'gpt-4o' })
  use(state, 85, { teamId: 'team-eng' })
  use(state, 260, { orgId: 'org-acme' })
  return state
}

export const use = (state: State, value: number, dimensions: Dimensions, more: object = {}) =>
  done(
    reportUsage(state, [{ customerId: 'acme', featureId: FEATURE, value, dimensions, ...more }], {
      now: CREATED,
    }),
  )

export const ask = (
  state: State,
  dimensions: Dimensions | undefined,
  requestedUsage?: number,
  now = CREATED,
): Check =>
  done(
    check(
      state,
      {
        customerId: 'acme',
        featureId: FEATURE,
        ...(dimensions && { dimensions }),
        ...(requestedUsage !== undefined && { requestedUsage }),
      },
      now,
    ),
  )

/** Returns chains as text: `entity[scope] usage/limit`, with `!` for a node that denies. */
export const drawn = ({ chains }: Check): string[] | null =>
  chains?.map((chain) =>
    chain
      .map(({ entityId, scopeEntityIds, usageLimit, currentUsage, isGranted }) => {
        const scope = scopeEntityIds.length === 0 ? '' : `[${scopeEntityIds}]`
        const limit = usageLimit === null ? '∞' : usageLimit / wholeUnits(1)
        return `${entityId}${scope} ${currentUsage / wholeUnits(1)}/${limit}${isGranted ? '' : '!'}`
      })
      .join(' → '),
  ) ?? null
