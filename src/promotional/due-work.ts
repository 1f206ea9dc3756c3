import { archivedAmong } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import type { EntitlementReads } from '../entitlements/index.ts'
import { type EventType, type PublishContext, publish } from '../events/index.ts'
import {
  type Schedule,
  scheduleAll,
  unschedule,
  type Work,
  type WorkHandlers,
} from '../jobs/index.ts'
import type { Ahead } from '../kernel/ahead.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { endOvertaken, findEnds, findRevisionsAhead, saveInstants } from './ahead-store.ts'
import { findPromotional } from './store.ts'
import { turnGrantBack } from './turn-grant-back.ts'
import type { PromotionalEntitlement } from './types.ts'
import { promotionalToWire } from './wire.ts'

export const END_PROMOTIONAL = 'promotional_entitlement.end'
export const ENDS_SOON = 'promotional_entitlement.ends_soon'

/** How long before the end `ends_soon` is published: 7 days. */
const SOON_MS = 7 * 86_400_000

/** Schedules the end of each promotional entitlement, and the warning before it if time is left. */
export function scheduleEnds(
  tx: Tx,
  { app, scope, now }: Pick<PublishContext, 'app' | 'scope' | 'now'>,
  of: {
    customerKey: Uuid
    promotionals: readonly Pick<PromotionalEntitlement, 'key' | 'endsAt'>[]
  },
): Promise<number> {
  const { customerKey, promotionals } = of
  const works = promotionals.flatMap(({ key: subject, endsAt }): Schedule[] => {
    if (endsAt === null) return []
    const end = { scope, customerKey, kind: END_PROMOTIONAL, subject, dueAt: endsAt }
    const warnAt = endsAt - SOON_MS
    return warnAt > now ? [end, { ...end, kind: ENDS_SOON, dueAt: warnAt }] : [end]
  })
  return scheduleAll(tx, app, works)
}

/**
 * Publishes events only, so it does not matter how late it runs: what a customer may use follows
 * from the instants that are stored.
 */
export const promotionalWork = ({
  announceUpdated,
}: Pick<EntitlementReads, 'announceUpdated'>): WorkHandlers => ({
  [END_PROMOTIONAL]: async (tx, work, now, app) => {
    const context = { app, scope: work.scope, now, origin: app.origin }
    const found = await publishEnd(tx, work, {
      ...context,
      type: 'promotional_entitlement.expired',
    })
    // An archived customer may use nothing, before and after.
    if (found !== null && !found.isArchived)
      await announceUpdated(tx, context, {
        customerKey: work.customerKey,
        trigger: 'promotional_entitlement_expired',
      })
    return null
  },
  [ENDS_SOON]: async (tx, work, now, app) => {
    const context = { app, scope: work.scope, now, origin: app.origin }
    await publishEnd(tx, work, { ...context, type: 'promotional_entitlement.ends_soon' })
    return null
  },
})

/** null: there is no such promotional entitlement, and no event. */
async function publishEnd(
  tx: Tx,
  { customerKey, subject }: Work,
  { type, ...context }: PublishContext & { type: EventType },
): Promise<{ isArchived: boolean } | null> {
  const promotional = await findPromotional(tx, customerKey, subject)
  if (promotional === null) return null
  const { scope } = context
  const isArchived = (await archivedAmong(tx, [customerKey])).has(customerKey)
  const toWireAt = (now: Instant) => promotionalToWire(promotional, { scope, isArchived, now })
  const before = toWireAt(promotional.startsAt)
  const after = toWireAt(context.now)
  await publish(tx, context, [{ type, customerKey, objectId: promotional.key, before, after }])
  return { isArchived }
}

/**
 * Turns back what a clock that was ahead has written of a customer's grants, of each feature one,
 * and notes all their ends again. The customer must be locked; what it is compared with changes.
 */
export async function turnGrantsBack(
  tx: Tx,
  { app, scope }: Pick<PublishContext, 'app' | 'scope'>,
  { customerKey, ahead }: { customerKey: Uuid; ahead: Ahead },
): Promise<void> {
  const revisions = await findRevisionsAhead(tx, customerKey, ahead)
  await saveInstants(
    tx,
    customerKey,
    revisions.map((revision) => turnGrantBack(revision, ahead)),
  )
  for (const subject of await endOvertaken(tx, customerKey, ahead.at))
    await unschedule(tx, { customerKey, kinds: [END_PROMOTIONAL, ENDS_SOON], subject })
  const promotionals = await findEnds(tx, customerKey, ahead.at)
  await scheduleEnds(tx, { app, scope, now: ahead.at }, { customerKey, promotionals })
}
