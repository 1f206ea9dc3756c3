import { findInstant } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import type { PublishContext } from '../events/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { announce } from './announce.ts'
import { inTurn, unchanged } from './change-line.ts'
import { loadLines, type StoredLine } from './line-store.ts'
import { loadPackages } from './load-packages.ts'
import { saveChange, scheduleSettlement } from './save-change.ts'
import { nextInstant, timeline } from './timeline.ts'
import type { Line, LineChange, Packages, Transition } from './types.ts'

/** The lines of a customer with everything applied that was due until `now`. */
export type SettledCustomer = {
  customerKey: Uuid
  /** The instant of decision: never before that of an earlier change. */
  now: Instant
  lines: readonly StoredLine[]
  /** What time has brought just now. It is announced already. */
  transitions: readonly Transition[]
}

/** Applies everything that is due until an instant, however much it is. */
export function settled(line: Line, until: Instant, packages: Packages): LineChange {
  let change = unchanged(line)
  while (change.line.settledAt < until)
    change = inTurn(change, (now) => timeline(now, until, packages))
  return inTurn(change, (now) => timeline(now, until, packages))
}

/**
 * Settles the lines of a customer, which must be locked, and saves them. The events are those of
 * the system, because no request has caused them.
 */
export const settleCustomer = async (
  tx: Tx,
  context: PublishContext,
  customerKey: Uuid,
): Promise<SettledCustomer> =>
  settleLoaded(tx, context, await loadCustomer(tx, customerKey, context.now))

/** The lines of a customer as they are stored, and the instant before which nothing is decided. */
type LoadedCustomer = { customerKey: Uuid; stored: readonly StoredLine[]; instant: Instant }

/** Loads the lines of a customer, which must be locked. Both statements are sent at once. */
export async function loadCustomer(
  tx: Tx,
  customerKey: Uuid,
  now: Instant,
): Promise<LoadedCustomer> {
  const [stored, instant] = await Promise.all([
    loadLines(tx, customerKey),
    findInstant(tx, customerKey, now),
  ])
  return { customerKey, stored, instant }
}

/** Settles a customer that was loaded in this transaction, as `settleCustomer` does. */
export async function settleLoaded(
  tx: Tx,
  context: PublishContext,
  { customerKey, stored, instant }: LoadedCustomer,
): Promise<SettledCustomer> {
  const now = Math.max(context.now, instant, ...stored.map(({ line }) => line.settledAt))
  const at = { ...context, now, origin: context.app.origin }
  const isDue = ({ line }: StoredLine) => (nextInstant(line) ?? now + 1) <= now
  const due = stored.filter(isDue)
  if (due.length === 0) return { customerKey, now, lines: stored, transitions: [] }
  const packages = await loadPackages(
    tx,
    due.map(({ line }) => line),
    { keys: [], now },
  )
  const lines: StoredLine[] = []
  const transitions: Transition[] = []
  for (const line of stored) {
    if (!isDue(line)) {
      lines.push(line)
      continue
    }
    const change = settled(line.line, now, packages)
    const saved = await saveChange(tx, at, { customerKey, stored: line, change })
    await scheduleSettlement(tx, at, customerKey, saved)
    lines.push(saved)
    transitions.push(...change.transitions)
  }
  await announce(tx, at, { customerKey, transitions, packages })
  return { customerKey, now, lines, transitions }
}
