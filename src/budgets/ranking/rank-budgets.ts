import type { Tx } from '../../db/index.ts'
import type { WorkHandler } from '../../jobs/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Scope } from '../../kernel/scope.ts'
import * as store from './pass-store.ts'
import { pauseAfter, rankOf } from './rank.ts'
import { readStandings } from './read-standings.ts'

/** One run looks at most at so many customers, and ranks at most so many customers and budgets. */
const LOOKED = 5000
const CUSTOMERS = 500
const BUDGETS = 2000
/** The pause between two runs of a pass, in which other work can run, in milliseconds. */
const NEXT_STEP_MS = 1

/**
 * Ranks the budgets of the next customers that have changed. Each run is one step of a pass through
 * all customers of the environment. After a pass there is a pause.
 */
export const rankBudgets: WorkHandler = async (tx, { scope }, now) => {
  const pass = (await store.findPass(tx, scope)) ?? passFrom(now, null)
  const look = await store.findChanged(tx, scope, {
    after: pass.afterCustomerKey,
    limit: LOOKED,
    now,
  })
  const next = await rankSome(tx, { scope, pass, look, now })
  if (next !== null) {
    await store.savePass(tx, scope, next)
    return now + NEXT_STEP_MS
  }
  await store.savePass(tx, scope, passFrom(now, pass.startedAt))
  return now + pauseAfter(pass.lookedAt + look.count)
}

const passFrom = (startedAt: Instant, rankedAt: Instant | null): store.Pass => ({
  startedAt,
  afterCustomerKey: null,
  part: null,
  lookedAt: 0,
  rankedAt,
})

type Step = { scope: Scope; pass: store.Pass; look: store.Look; now: Instant }

/** Ranks budgets of changed customers. Returns where the next step begins, or null at the end. */
async function rankSome(tx: Tx, step: Step): Promise<store.Pass | null> {
  const { scope, pass, look, now } = step
  const part = look.changed[0]?.customerKey === pass.part?.customerKey ? pass.part : null
  const chosen = look.changed
    .slice(0, CUSTOMERS)
    .map((each) => (each.customerKey === part?.customerKey ? { ...each, ...part } : each))
  const found = await store.listCandidates(tx, {
    customerKeys: chosen.map(({ customerKey }) => customerKey),
    after: part,
    limit: BUDGETS + 1,
  })
  const budgets = found.slice(0, BUDGETS)
  await rankThose(tx, { scope, budgets, now })
  const last = found.length > BUDGETS ? budgets.at(-1) : undefined
  const done = last ? chosen.filter(({ customerKey }) => customerKey < last.customerKey) : chosen
  await store.noteRankings(tx, { ...scope, now }, done)
  const begun = chosen.find(({ customerKey }) => customerKey === last?.customerKey)
  const lookedAt = pass.lookedAt + budgets.length + look.count
  const onward = { ...pass, lookedAt, part: null }
  if (last !== undefined && begun !== undefined)
    return {
      ...onward,
      afterCustomerKey: done.at(-1)?.customerKey ?? pass.afterCustomerKey,
      part: { ...last, sequence: begun.sequence },
    }
  const isAll = chosen.length === look.changed.length
  if (!isAll) return { ...onward, afterCustomerKey: done.at(-1)?.customerKey ?? null }
  return look.count < LOOKED ? null : { ...onward, afterCustomerKey: look.until }
}

async function rankThose(
  tx: Tx,
  { scope, budgets, now }: { scope: Scope; budgets: readonly store.Candidate[]; now: Instant },
): Promise<void> {
  const applying = budgets.filter(({ applies }) => applies)
  const numbers = await readStandings(tx, applying, now)
  const ranks = applying.flatMap((candidate): store.RankRow[] => {
    const each = numbers.get(candidate.assignmentKey)
    const rank = each && rankOf(each.standing)
    return rank ? [{ ...candidate, ...rank, capabilityKey: each.capability.key }] : []
  })
  const ranked = new Set(ranks.map(({ assignmentKey }) => assignmentKey))
  await store.saveRanks(tx, scope, ranks)
  await store.deleteRanks(
    tx,
    null,
    budgets.filter(({ assignmentKey }) => !ranked.has(assignmentKey)),
  )
}
