import type { App } from '../app.ts'
import { sql, type Tx } from '../db/index.ts'
import { announceUpdated, type EntitlementSource, findCustomer } from '../entitlements/index.ts'
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

/** How long before its end a grant is said to end soon: 7 days. */
const SOON_MS = 7 * 86_400_000

/** Notes the ends of grants, and the warnings of those that last long enough for one. */
export function scheduleEnds(
  tx: Tx,
  { app, scope, now }: Pick<PublishContext, 'app' | 'scope' | 'now'>,
  of: { customerKey: Uuid; grants: readonly Pick<PromotionalEntitlement, 'key' | 'endsAt'>[] },
): Promise<number> {
  const { customerKey, grants } = of
  const works = grants.flatMap(({ key: subject, endsAt }): Schedule[] => {
    if (endsAt === null) return []
    const end = { scope, customerKey, kind: END_PROMOTIONAL, subject, dueAt: endsAt }
    const warnAt = endsAt - SOON_MS
    return warnAt > now ? [end, { ...end, kind: ENDS_SOON, dueAt: warnAt }] : [end]
  })
  return scheduleAll(tx, app, works)
}

/**
 * These only tell that time has passed: what a customer may use follows from the instants of its
 * grants, however late they run.
 */
export const promotionalWork = (loaders: readonly EntitlementSource[]): WorkHandlers => ({
  [END_PROMOTIONAL]: (tx, work, now, app) =>
    tell(tx, { work, now, app, loaders }, 'promotional_entitlement.expired'),
  [ENDS_SOON]: (tx, work, now, app) =>
    tell(tx, { work, now, app, loaders }, 'promotional_entitlement.ends_soon'),
})

type EventContext = { work: Work; now: Instant; app: App; loaders: readonly EntitlementSource[] }

async function tell(
  tx: Tx,
  { work, now, app, loaders }: EventContext,
  type: EventType,
): Promise<null> {
  const { scope, customerKey } = work
  const grant = await findPromotional(tx, customerKey, work.subject)
  if (grant === null) return null
  const key = sql`${customerKey}::uuid`
  const reading = { scope, customerKey: key, resourceId: null, now, loaders }
  const isArchived = (await findCustomer(tx, reading)).archivedAt !== null
  const shownAt = (at: Instant) => promotionalToWire(grant, { scope, isArchived, now: at })
  const announcing = { app, scope, now, origin: app.origin }
  await publish(tx, announcing, [
    {
      type,
      customerKey,
      objectId: grant.key,
      before: shownAt(grant.startsAt),
      after: shownAt(now),
    },
  ])
  // What an archived customer may use is nothing, before and after.
  if (type === 'promotional_entitlement.expired' && !isArchived)
    await announceUpdated(tx, announcing, {
      customerKey,
      trigger: 'promotional_entitlement_expired',
      loaders,
    })
  return null
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
  const grants = await findEnds(tx, customerKey, ahead.at)
  await scheduleEnds(tx, { app, scope, now: ahead.at }, { customerKey, grants })
}
