import { archivedAmong } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import type { EntitlementPublisher } from '../entitlements/index.ts'
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
import { endOverlapping, findEnds, findRevisionsAhead, saveInstants } from './ahead-store.ts'
import { findPromotional } from './store.ts'
import { turnPromotionalBack } from './turn-promotional-back.ts'
import type { PromotionalEntitlement } from './types.ts'
import { promotionalToWire } from './wire.ts'

export const END_PROMOTIONAL = 'promotional_entitlement.end'
export const ENDS_SOON = 'promotional_entitlement.ends_soon'

/** `ends_soon` is published 7 days before the end, in milliseconds. */
const SOON_MS = 7 * 86_400_000

/**
 * Schedules the end of each promotional entitlement, and `ends_soon` if its instant is still ahead.
 */
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
 * The due work only publishes events, so it may run late: entitlements depend on the stored
 * instants.
 */
export const promotionalWork = (publishEntitlements: EntitlementPublisher): WorkHandlers => ({
  [END_PROMOTIONAL]: async (tx, work, now, app) => {
    const context = { app, scope: work.scope, now, origin: app.origin }
    const found = await publishEnd(tx, work, {
      ...context,
      type: 'promotional_entitlement.expired',
    })
    // The entitlements of an archived customer are empty before and after.
    if (found !== null && !found.isArchived)
      await publishEntitlements(tx, context, {
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

/** null: the promotional entitlement does not exist, and no event is published. */
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
 * Corrects the instants that a clock which was ahead has written into a customer's promotional
 * entitlements. If two of one feature overlap afterwards, the earlier one ends. All ends are
 * scheduled again. The customer must be locked.
 */
export async function turnPromotionalsBack(
  tx: Tx,
  { app, scope }: Pick<PublishContext, 'app' | 'scope'>,
  { customerKey, ahead }: { customerKey: Uuid; ahead: Ahead },
): Promise<void> {
  const revisions = await findRevisionsAhead(tx, customerKey, ahead)
  await saveInstants(
    tx,
    customerKey,
    revisions.map((revision) => turnPromotionalBack(revision, ahead)),
  )
  for (const subject of await endOverlapping(tx, customerKey, ahead.at))
    await unschedule(tx, { customerKey, kinds: [END_PROMOTIONAL, ENDS_SOON], subject })
  const promotionals = await findEnds(tx, customerKey, ahead.at)
  await scheduleEnds(tx, { app, scope, now: ahead.at }, { customerKey, promotionals })
}
