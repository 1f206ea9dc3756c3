import { findCurrenciesByKey } from '../../catalog/currencies/index.ts'
import { findFeaturesByKey, transformUnits } from '../../catalog/features/index.ts'
import { findInstant, requireCustomer } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import { findObjectChanges } from '../../events/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { ApiError, badInput } from '../../kernel/errors.ts'
import { inPath, inQuery } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Call } from '../../operation.ts'
import { findAssignmentsByKey } from '../budget-store.ts'
import { windowOf } from '../cadence.ts'
import { readCounters } from '../counter-store.ts'
import { counterName } from '../postings.ts'
import type { Assignment, AssignmentWithId } from '../types.ts'
import { findPastCadences, sumPostings } from './history-store.ts'
import { type CadenceSpan, planHistory, refuseRange } from './plan-history.ts'
import { type BudgetTrace, type LimitChange, traceBudget } from './trace-budget.ts'

export type HistoryRequest = {
  customerId: string
  budgetId: string
  /** Null: the start of the window in progress; for a level, 30 days ago. */
  from: Instant | null
  /** Exclusive. Null: now, including what happens now. */
  to: Instant | null
}

export type BudgetHistory = {
  budget: AssignmentWithId
  trace: BudgetTrace
  changes: readonly LimitChange[]
  /** Converts usage into the units of the limit. */
  inUnits: (usage: Quantity) => Quantity
  asOf: Instant
}

/** The maximum number of records that are read. */
const RECORDS = 1_000_000
/** The latest changes of a budget that are shown. */
const CHANGES = 1000
const LEVEL_RANGE_MS = 30 * 86_400_000

/**
 * Returns the usage of a budget over time with its windows, and the changes of its limit. It is
 * computed from the records, so windows whose counters are purged are included. 404
 * `CustomerNotFound`, and without a code for the budget; 400 for an impossible or too long range.
 */
export async function readBudgetHistory(
  { app, scope }: Call,
  request: HistoryRequest,
): Promise<BudgetHistory> {
  return app.db.snapshot(async (reader) => {
    const customerKey = await requireCustomer(reader, scope, request.customerId)
    const found = await findBudget(reader, customerKey, request.budgetId)
    if (found === null)
      throw new ApiError(404, null, `budget ${request.budgetId} not found`, {
        field: inPath('budgetId'),
      })
    const now = await findInstant(reader, customerKey, app.clock.now())
    const plan = planHistory(
      found,
      await spansOf(reader, customerKey, found),
      rangeOf(found, request, now),
    )
    const [amounts, level, changes, capability] = await Promise.all([
      sumPostings(
        reader,
        { customerKey, budget: found },
        {
          cuts: plan.cuts,
          // The level at the first cut is the present one without what came since.
          until: found.isLevel ? null : plan.range.end,
          most: RECORDS,
        },
      ),
      levelNow(reader, customerKey, found),
      findLimitChanges(reader, scope, found),
      findCapability(reader, found),
    ])
    if (amounts === null)
      throw badInput(
        inQuery('from'),
        `query: more than ${RECORDS} records occurred since the instant in from; send a later one`,
      )
    return {
      budget: { ...found, capabilityId: capability.id },
      trace: traceBudget(plan, { amounts, before: found.isLevel ? level - sumOf(amounts) : 0n }),
      changes,
      inUnits: (usage) => transformUnits(usage, capability.transformation),
      asOf: now,
    }
  })
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

async function findBudget(
  reader: Reader,
  customerKey: Uuid,
  budgetId: string,
): Promise<Assignment | null> {
  const key = budgetId.toLowerCase()
  if (!UUID.test(key)) return null
  const [found = null] = await findAssignmentsByKey(reader, customerKey, [key])
  return found
}

function rangeOf(budget: Assignment, { from, to }: HistoryRequest, now: Instant) {
  const end = Math.min(to ?? now + 1, now + 1)
  const current = budget.isLevel ? now - LEVEL_RANGE_MS : windowOf(budget, now).start
  const start = from ?? Math.max(current, budget.createdAt)
  refuseRange({ start, end })
  return { start: Math.max(start, budget.createdAt), end }
}

/** Returns the cadences that a budget has had, in the order of time. */
async function spansOf(
  reader: Reader,
  customerKey: Uuid,
  budget: Assignment,
): Promise<CadenceSpan[]> {
  const past = await findPastCadences(reader, customerKey, budget.key)
  const ends = [...past, { cadence: budget.cadence, until: Number.POSITIVE_INFINITY }]
  return ends.map(({ cadence, until }, index) => ({
    cadence,
    from: ends[index - 1]?.until ?? budget.createdAt,
    until,
  }))
}

const sumOf = (amounts: readonly Quantity[]): Quantity =>
  amounts.reduce((sum, amount) => sum + amount, 0n)

/** The usage of a level at present; 0 for other budgets. */
async function levelNow(reader: Reader, customerKey: Uuid, budget: Assignment): Promise<Quantity> {
  if (!budget.isLevel) return 0n
  const window = windowOf(budget, budget.createdAt)
  const counter = { assignmentKey: budget.key, revision: budget.revision }
  const { counters } = await readCounters(reader, [{ customerKey, ...counter, window }])
  return counters.get(counterName(counter, window)) ?? 0n
}

async function findCapability(reader: Reader, { capability }: Assignment) {
  if (capability.kind === 'currency') {
    const [currency] = await findCurrenciesByKey(reader, [capability.key])
    return { id: required(currency, 'a budgeted currency').id, transformation: null }
  }
  const [feature] = await findFeaturesByKey(reader, [capability.key])
  const { id, unitTransformation } = required(feature, 'a budgeted feature')
  return { id, transformation: unitTransformation }
}

async function findLimitChanges(
  reader: Reader,
  scope: Scope,
  { key }: Assignment,
): Promise<LimitChange[]> {
  const found = await findObjectChanges(reader, scope, {
    objectId: key,
    type: 'entity.entitlement.updated',
    limit: CHANGES,
  })
  return found.map(({ before, after, occurredAt }) => ({
    at: occurredAt,
    // An update names only the values that it has replaced.
    usageLimit:
      before !== null && 'usageLimit' in before
        ? { from: limitFrom(before.usageLimit), to: limitFrom(after?.usageLimit) }
        : null,
    cadence:
      before !== null && 'cadence' in before
        ? { from: String(before.cadence), to: String(after?.cadence) }
        : null,
  }))
}

const limitFrom = (value: unknown): number | null => (typeof value === 'number' ? value : null)
