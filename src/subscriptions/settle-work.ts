import { holdCatalog } from '../catalog/index.ts'
import { lockCustomerIfFree } from '../customers/index.ts'
import type { EntitlementPublisher } from '../entitlements/index.ts'
import type { WorkHandlers } from '../jobs/index.ts'
import { announce, concludeChange } from './announce.ts'
import { loadLinesByKey } from './line-store.ts'
import { loadPackages } from './load-packages.ts'
import { SETTLE, saveChange } from './save-change.ts'
import { nextInstant, timeline } from './timeline.ts'

/**
 * The due work of a line: it stores and announces what time has brought. It may run late, because
 * all reads apply what is due.
 *
 * A request that changes a customer schedules this work under the customer's lock. So the work must
 * not wait for that lock. If it is taken, the work is tried again: that request may also settle the
 * line.
 */
export const subscriptionWork = (publishEntitlements: EntitlementPublisher): WorkHandlers => ({
  [SETTLE]: async (tx, { scope, customerKey, subject: lineKey }, now, app) => {
    await holdCatalog(tx, scope)
    if ((await lockCustomerIfFree(tx, customerKey)) === 0) return now + 1
    const [stored] = await loadLinesByKey(tx, [{ customerKey, lineKey }])
    if (stored === undefined) return null
    const packages = await loadPackages(tx, [stored.line], { keys: [], now })
    const change = timeline(stored.line, now, packages)
    const { transitions } = change
    const context = { app, scope, now, origin: app.origin }
    const { line } = await saveChange(tx, context, { customerKey, stored, change })
    await announce(tx, context, { customerKey, transitions, packages })
    await concludeChange(tx, context, { customerKey, transitions }, publishEntitlements)
    if (line.settledAt < now) return now + 1
    const next = nextInstant(line)
    return next === null ? null : Math.max(next, now + 1)
  },
})
