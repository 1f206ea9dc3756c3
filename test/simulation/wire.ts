import assert from 'node:assert/strict'
import type { Operations } from '../../src/api.gen.ts'
import { instantToWire } from '../../src/kernel/clock.ts'
import { type Quantity, quantityToWire } from '../../src/kernel/quantity.ts'
import type { Check } from './model/check.ts'
import { nameOf, type Row } from './model/tree-read.ts'
import { ALWAYS, type Window } from './model/windows.ts'

type CheckBody = Operations['v1.customers.checkEntitlement']['response']['data']
type NodeBody =
  Operations['v1.events.beta.customers.retrieveGovernance']['response']['data'][number]

const amountOf = (quantity: Quantity | null): number | null =>
  quantity === null ? null : quantityToWire(quantity)

/** Returns the ends of a period as responses have them: null if usage is never reset. */
function endsOf(period: Window): { start: string | null; end: string | null } {
  if (period === ALWAYS) return { start: null, end: null }
  return { start: instantToWire(period.start), end: instantToWire(period.end) }
}

export const periodToWire = (period: Window) => {
  const { start, end } = endsOf(period)
  return { usagePeriodStart: start, usagePeriodEnd: end, nextResetDate: end }
}

/** Compares everything that the model predicts about a check with the response. */
export function assertCheck(predicted: Check, body: CheckBody): void {
  const { isGranted, accessDeniedReason } = body
  const { chains, unresolved = null } = body
  const figures = predicted.figures === null ? null : figuresIn(body)
  assert.deepEqual(
    { isGranted, accessDeniedReason, figures, chains, unresolved },
    {
      isGranted: predicted.isGranted,
      accessDeniedReason: predicted.reason,
      figures: figuresOf(predicted),
      chains: chainsOf(predicted),
      unresolved: predicted.unresolved,
    },
  )
}

function figuresIn(body: CheckBody) {
  assert.ok(body.type === 'FEATURE')
  const { usageLimit, hasUnlimitedUsage, currentUsage, resetPeriod } = body
  const { usagePeriodStart, usagePeriodEnd } = body
  const period = { start: usagePeriodStart ?? null, end: usagePeriodEnd ?? null }
  return { usageLimit, hasUnlimitedUsage, currentUsage, resetPeriod, ...period }
}

function figuresOf({ figures }: Check) {
  if (figures === null) return null
  const { usageLimit, hasUnlimitedUsage, currentUsage, resetPeriod, period } = figures
  return {
    usageLimit: amountOf(usageLimit),
    hasUnlimitedUsage,
    currentUsage: amountOf(currentUsage),
    resetPeriod,
    ...endsOf(period),
  }
}

function chainsOf({ chains }: Check) {
  return chains?.map((chain) =>
    chain.map(({ usageLimit, currentUsage, holds, remaining, resetsAt, ...node }) => ({
      ...node,
      usageLimit: amountOf(usageLimit),
      currentUsage: amountOf(currentUsage),
      holds: amountOf(holds),
      remaining: amountOf(remaining),
      resetsAt: resetsAt === null ? null : instantToWire(resetsAt),
    })),
  )
}

/** Returns the predicted row of the tree. Its utilization is a floating-point number. */
const rowToWire = ({ budget, parentId, usage, window }: Row) => ({
  entityId: budget.entityId,
  featureId: budget.capability.id,
  scopeEntityIds: budget.scope,
  parentId,
  usageLimit: amountOf(budget.limit),
  currentUsage: amountOf(usage),
  cadence: budget.cadence,
  usagePeriodStart: budget.isLevel ? null : instantToWire(window.start),
  usagePeriodEnd: budget.isLevel ? null : instantToWire(window.end),
})

const CLOSE = 1e-9

export function assertRows(predicted: readonly Row[], body: readonly NodeBody[]): void {
  const nameIn = ({ entityId, featureId = '', scopeEntityIds }: NodeBody) =>
    JSON.stringify([entityId, featureId, ...scopeEntityIds])
  const found = new Map(body.map((node) => [nameIn(node), node]))
  const names = predicted.map(({ budget }) => nameOf(budget))
  assert.deepEqual([...found.keys()].sort(), names.sort())
  for (const row of predicted) {
    const node = found.get(nameOf(row.budget))
    const expected = rowToWire(row)
    for (const [field, value] of Object.entries(expected))
      assert.deepEqual(
        node?.[field as keyof typeof expected],
        value,
        `${nameOf(row.budget)} ${field}`,
      )
    const share = utilization(expected)
    assert.ok(Math.abs((node?.utilization ?? -1) - (share ?? -1)) < CLOSE, 'utilization')
  }
}

function utilization({ usageLimit, currentUsage }: ReturnType<typeof rowToWire>): number | null {
  if (usageLimit === null || currentUsage === null) return null
  return usageLimit === 0 ? 1 : currentUsage / usageLimit
}
