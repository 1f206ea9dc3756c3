import { requireCustomer } from '../../customers/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { inQuery } from '../../kernel/field.ts'
import type { Quantity } from '../../kernel/quantity.ts'
import type { Call } from '../../operation.ts'
import { fitPage } from '../fit-page.ts'
import { requireCapabilities } from '../read-capabilities.ts'
import { cursorFromWire, cursorToWire } from '../tree-cursor.ts'
import * as store from './list-store.ts'
import { findPass } from './pass-store.ts'
import { type BudgetNumbers, readStandings } from './read-standings.ts'

/** Null values do not filter. */
export type RankedQuery = {
  sortBy: store.RankOrder
  customerId: string | null
  featureIds: readonly string[]
  currencyIds: readonly string[]
  typeIds: readonly string[] | null
  minUtilization: Quantity | null
  exhaustsWithinDays: number | null
  after: string | null
  limit: number
}

export type RankedBudget = store.BudgetPlace & BudgetNumbers

export type RankedPage = {
  rows: readonly RankedBudget[]
  next: string | null
  /** When the last complete pass started. Null before. */
  rankedAt: Instant | null
  asOf: Instant
}

const DAY_MS = 86_400_000

/**
 * Returns a page of the budgets of an environment, in the order of their ranks, with current
 * numbers. 404 `CustomerNotFound`; 400 for an unknown feature or currency, and for a cursor of
 * another query.
 */
export async function listRanked(call: Call, query: RankedQuery): Promise<RankedPage> {
  const { app, scope } = call
  const { after: cursor, limit, sortBy, customerId, exhaustsWithinDays, ...filters } = query
  const question = [
    ...[sortBy, customerId, filters.featureIds, filters.currencyIds, filters.typeIds],
    ...[filters.minUtilization?.toString(), exhaustsWithinDays],
  ]
  const after = cursor === null ? null : cursorFromWire(cursor, question)
  if (after !== null && !isOfOrder(after.value, sortBy))
    throw badInput(inQuery('after'), 'after is not a valid cursor of this list')
  const reader = app.db.read
  const now = app.clock.now()
  const [customerKey, capabilities, pass] = await Promise.all([
    customerId === null ? null : requireCustomer(reader, scope, customerId, inQuery('customerId')),
    requireCapabilities(call, filters),
    findPass(reader, scope),
  ])
  const asked: store.RankQuery = {
    ...{ scope, sortBy, customerKey, after, limit, now },
    typeIds: filters.typeIds,
    minUtilization: filters.minUtilization,
    capabilityKeys: capabilities.length === 0 ? null : capabilities.map(({ key }) => key),
    exhaustsBefore: exhaustsWithinDays === null ? null : now + exhaustsWithinDays * DAY_MS,
  }
  const found = await store.listRanks(reader, asked)
  const listed = await withNumbers(call, found.slice(0, limit), now)
  const fit = fitPage(listed, ({ budget }) => bytesOf(budget))
  const last =
    fit.length < listed.length || found.length > limit
      ? fit.at(-1)?.rank
      : await store.findEnd(reader, asked)
  return {
    rows: fit.flatMap(({ budget }) => (isShown(budget, asked) ? [budget] : [])),
    next: last ? cursorToWire({ key: last.assignmentKey, value: last.value }, question) : null,
    rankedAt: pass?.rankedAt ?? null,
    asOf: now,
  }
}

/** Whether a cursor has milliseconds until the year 2286, or a decimal. */
const isOfOrder = (value: string | null, sortBy: store.RankOrder): boolean =>
  value !== null && (sortBy === 'utilization' || /^\d{1,13}$/.test(value))

/** Scopes make rows long: up to a hundred entities with ids of up to a kilobyte. */
const bytesOf = (budget: RankedBudget | null): number =>
  Buffer.byteLength(JSON.stringify(budget?.standing.budget.scopeEntityIds ?? []))

type ListEntry = { rank: store.ListedRank; budget: RankedBudget | null }

/** Returns ranks with their budgets as they are now. */
async function withNumbers(
  { app }: Call,
  ranks: readonly store.ListedRank[],
  now: Instant,
): Promise<ListEntry[]> {
  const reader = app.db.read
  const [numbers, places] = await Promise.all([
    readStandings(reader, ranks, now),
    store.findPlaces(reader, ranks),
  ])
  return ranks.map((rank) => {
    const each = numbers.get(rank.assignmentKey)
    const place = places.get(rank.assignmentKey)
    return { rank, budget: each && place ? { ...place, ...each } : null }
  })
}

/** Whether a budget still belongs into the list. */
function isShown(
  budget: RankedBudget | null,
  { sortBy, minUtilization, exhaustsBefore }: store.RankQuery,
): budget is RankedBudget {
  if (budget === null || budget.isArchived) return false
  const { utilization, exhaustsAt, currentUsage, holds } = budget.standing
  if (utilization === null || (currentUsage === 0n && holds === 0n)) return false
  if (minUtilization !== null && utilization < minUtilization) return false
  if (exhaustsAt === null) return sortBy !== 'exhaustsAt' && exhaustsBefore === null
  return exhaustsBefore === null || exhaustsAt < exhaustsBefore
}
