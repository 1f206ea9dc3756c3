import { holdCatalog } from '../catalog/index.ts'
import type { ArchiveHook } from '../customers/index.ts'
import { announce } from './announce.ts'
import { close, inTurn, isOver, unchanged } from './change-line.ts'
import { saveChange, scheduleSettlement } from './save-change.ts'
import { settleCustomer } from './settle-lines.ts'
import type { Line, LineChange } from './types.ts'

/** Cancels all subscriptions of a customer that is archived. Nothing follows them. */
export const endSubscriptions: ArchiveHook = async (tx, call, { key: customerKey, archivedAt }) => {
  if (archivedAt === null) return
  await holdCatalog(tx, call.scope)
  const { lines, now } = await settleCustomer(tx, call, customerKey)
  const at = { ...call, now }
  const transitions: LineChange['transitions'][number][] = []
  for (const stored of lines) {
    const change = closeAll(stored.line, now)
    if (change.transitions.length === 0) continue
    const saved = await saveChange(tx, at, { customerKey, stored, change })
    await scheduleSettlement(tx, at, customerKey, saved)
    transitions.push(...change.transitions)
  }
  await announce(tx, at, { customerKey, transitions, packages: new Map() })
}

const closeAll = (line: Line, at: number): LineChange =>
  inTurn(
    unchanged({ ...line, settledAt: Math.max(line.settledAt, at) }),
    ...line.subscriptions
      .filter((each) => !isOver(each))
      .map(
        ({ key }) =>
          (now: Line) =>
            close(now, key, { at, reason: 'CustomerArchived' }),
      ),
  )
