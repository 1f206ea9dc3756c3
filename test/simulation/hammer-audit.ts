import assert from 'node:assert/strict'
import { done } from '../support/entity-calls.ts'
import { createClient } from '../support/keep-alive-client.ts'
import { type Hold, type Look, MAX_CLOCK_ERROR_MS, type Span, type Use } from './hammer-client.ts'
import { FEATURE, limitsOf, type Town } from './hammer-town.ts'
import type { Budget } from './model/state.ts'
import { nameOf } from './model/tree-read.ts'
import { windowOf } from './model/windows.ts'

/** All uses that count against one limit in one window. */
type Account = { name: string; limit: number; uses: Use[] }

/** Returns the amount that a use has recorded in the end. */
const recorded = ({ isGranted, amount, hold }: Use): number => {
  if (hold !== null) return hold.committed?.amount ?? 0
  return isGranted ? amount : 0
}

const sum = (uses: readonly Use[]): number => uses.reduce((all, use) => all + recorded(use), 0)

const CUSTOMER = 'customer'
const nameIn = (customerId: string, budget: Budget | null): string =>
  `${customerId} ${budget === null ? CUSTOMER : nameOf(budget)}`

function accountsOf(town: Town, uses: readonly Use[]): Map<string, Account> {
  const accounts = new Map<string, Account>()
  for (const use of uses)
    for (const [name, limit] of accountNames(town, use)) {
      const account = accounts.get(name) ?? { name, limit, uses: [] }
      account.uses.push(use)
      accounts.set(name, account)
    }
  return accounts
}

const accountNames = (town: Town, { customerId, dimensions, at }: Use): [string, number][] =>
  limitsOf(town, customerId, dimensions).map(({ budget, limit }) => {
    const start = budget === null ? 0 : windowOf(budget.cadence, budget.createdAt, at).start
    return [`${nameIn(customerId, budget)} from ${start}`, limit]
  })

/**
 * Asserts that no limit was exceeded, and that each denial was necessary: at some instant while the
 * request ran, the amount could have exceeded a limit.
 */
export function auditUses(town: Town, uses: readonly Use[]): { denials: number } {
  const accounts = accountsOf(town, uses)
  for (const { name, limit, uses: own } of accounts.values())
    assert.ok(sum(own) <= limit, `${name}: ${sum(own)} of ${limit}`)
  const denials = uses.flatMap((use) => [
    ...(use.isGranted ? [] : [{ use, span: use, amount: use.amount }]),
    ...(use.hold?.denied.map((each) => ({ use, span: each, amount: each.amount - use.amount })) ??
      []),
  ])
  for (const { use, span, amount } of denials) {
    const reasons = accountNames(town, use).map(([name, limit]) => {
      const most = mostTaken(accounts.get(name)?.uses ?? [], span)
      return { name, limit, most, couldExceed: most + amount > limit }
    })
    const isExplained = reasons.some(({ couldExceed }) => couldExceed)
    assert.ok(isExplained, `${amount} was denied: ${JSON.stringify({ span, reasons })}`)
  }
  return { denials: denials.length }
}

/**
 * Asserts that each check has seen every use that any server acknowledged before the check was
 * sent, and no use that was sent after its response.
 */
export function auditLooks(uses: readonly Use[], looks: readonly Look[]): void {
  const recordings = uses.map((use) => ({ ...use, ...recordingOf(use) }))
  for (const { customerId, usage, sentAt, answeredAt } of looks) {
    const own = recordings.filter((each) => each.customerId === customerId)
    const least = total(own.filter((each) => each.answeredAt < sentAt))
    const most = total(own.filter((each) => each.sentAt <= answeredAt))
    const shown = JSON.stringify({ customerId, usage, least, most, sentAt, answeredAt })
    assert.ok(least <= usage && usage <= most, `a check has shown an older state: ${shown}`)
  }
}

/**
 * Returns when the recording request of a use was sent and acknowledged. For a hold, its commit.
 */
const recordingOf = (use: Use): Span & { recorded: number } => {
  const { sentAt, answeredAt } = use.hold?.committed ?? use
  return { sentAt, answeredAt, recorded: recorded(use) }
}

const total = (recordings: readonly { recorded: number }[]): number =>
  recordings.reduce((all, each) => all + each.recorded, 0)

/** Returns the maximum amount that can have been recorded or held at an instant of a span. */
const mostTaken = (uses: readonly Use[], span: Span): number =>
  uses
    .filter(({ isGranted, sentAt }) => isGranted && sentAt <= span.answeredAt)
    .reduce((all, use) => all + mostOf(use, span), 0)

function mostOf({ amount, hold }: Use, { sentAt }: Span): number {
  if (hold === null) return amount
  const isOver = ({ answeredAt }: Span) => answeredAt < sentAt
  if (hold.committed !== null)
    return isOver(hold.committed) ? hold.committed.amount : Math.max(amount, hold.committed.amount)
  // The clock of any server may be slow.
  const isExpired = hold.expiresAt + MAX_CLOCK_ERROR_MS <= sentAt
  const isEnded = isExpired || (hold.released !== null && isOver(hold.released))
  return isEnded ? 0 : amount
}

/** Asserts that everything acknowledged counts once, for the customer and for each budget. */
export async function auditServer(url: string, town: Town, uses: readonly Use[]): Promise<void> {
  for (const customerId of town.customerIds) {
    const own = uses.filter((use) => use.customerId === customerId)
    const path = `/api/v1/customers/${customerId}`
    const check = await done(url, {
      ...{ method: 'GET', path: `${path}/entitlements/check?featureId=${FEATURE}` },
    })
    assert.equal(check.data.currentUsage, sum(own), `${customerId}: usage`)
    await widenWindows(url, town, customerId)
    const expected = usageByBudget(town, own)
    const tree = await done(url, {
      method: 'GET',
      path: `/api/v1-beta/customers/${customerId}/governance?featureIds=${FEATURE}&limit=100`,
    })
    for (const { entityId, scopeEntityIds, currentUsage } of tree.data) {
      const name = `${customerId} ${JSON.stringify([entityId, FEATURE, ...scopeEntityIds])}`
      assert.equal(currentUsage, expected.get(name) ?? 0, name)
      expected.delete(name)
    }
    expected.delete(nameIn(customerId, null))
    assert.deepEqual([...expected.keys()], [], 'budgets that are not shown')
  }
}

/** Sets the cadence of budgets to a year. One window then has the usage of all earlier windows. */
async function widenWindows(url: string, town: Town, customerId: string): Promise<void> {
  const budgets = town.state.customers.get(customerId)?.budgets ?? []
  const assignments = budgets.map(({ entityId, scope }) => ({
    ...{ entityId, featureId: FEATURE, scopeEntityIds: scope, cadence: 'P1Y' },
  }))
  const path = `/api/v1-beta/customers/${customerId}/assignments`
  await done(url, { method: 'PUT', path, body: { assignments } })
}

function usageByBudget(town: Town, uses: readonly Use[]): Map<string, number> {
  const usage = new Map<string, number>()
  for (const use of uses)
    for (const { budget } of limitsOf(town, use.customerId, use.dimensions)) {
      const name = nameIn(use.customerId, budget)
      usage.set(name, (usage.get(name) ?? 0) + recorded(use))
    }
  return usage
}

/** The number of repetitions that run at once. */
const REPEATING = 16

/** Asserts that decisions are final: repeated requests get the same result and count nothing. */
export async function auditRepetitions(
  urls: readonly string[],
  uses: readonly Use[],
): Promise<void> {
  const left = uses.map((use, index) => ({ use, url: urls[index % urls.length] ?? '' }))
  const repeatAll = async () => {
    const client = createClient()
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const { call, isGranted, hold } = next.use
      const outcome = await client.send(next.url, call)
      assert.ok(outcome.kind === 'answer' && outcome.status < 300, JSON.stringify(outcome))
      const { data } = outcome.body
      assert.deepEqual(
        [data.isGranted, data.recorded, data.reservation?.id ?? null],
        [isGranted, isGranted && hold === null, hold?.id ?? null],
        JSON.stringify(call),
      )
    }
    client.close()
  }
  await Promise.all(Array.from({ length: REPEATING }, repeatAll))
}

/** Asserts that the state of every reservation is that of the responses about it. */
export async function auditHolds(url: string, uses: readonly Use[]): Promise<number> {
  const held = uses.flatMap(({ customerId, hold }) => (hold === null ? [] : [{ customerId, hold }]))
  for (const { customerId, hold } of held) {
    const path = `/api/v1/customers/${customerId}/reservations/${hold.id}`
    const { data } = await done(url, { method: 'GET', path })
    assert.deepEqual([data.status, data.committedAmount], endOf(hold), hold.id)
  }
  return held.length
}

function endOf({ committed, released }: Hold): [string, number | null] {
  if (committed !== null) return ['committed', committed.amount]
  return [released === null ? 'expired' : 'released', null]
}
