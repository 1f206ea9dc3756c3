import type { Tx } from '../db/index.ts'
import type { PublishContext } from '../events/index.ts'
import type { Ahead } from '../kernel/ahead.ts'
import type { Uuid } from '../kernel/ids.ts'
import { findRevisionsAhead, replaceRevisions, turnMembersBack } from './ahead-store.ts'
import { loadLines } from './line-store.ts'
import { scheduleSettlement } from './save-change.ts'
import { turnRevisionsBack } from './turn-line-back.ts'

/**
 * Corrects the instants that a clock which was ahead has written into a customer's subscriptions,
 * and schedules their next settlement. The customer must be locked.
 */
export async function turnSubscriptionsBack(
  tx: Tx,
  { app, scope }: Pick<PublishContext, 'app' | 'scope'>,
  { customerKey, ahead }: { customerKey: Uuid; ahead: Ahead },
): Promise<void> {
  const owner = { scope, customerKey }
  const found = await findRevisionsAhead(tx, customerKey, ahead)
  const bySubscription = Map.groupBy(found, ({ subscription }) => subscription.key)
  const turned = [...bySubscription.values()].flatMap((each) => turnRevisionsBack(each, ahead))
  await replaceRevisions(tx, owner, turned)
  await turnMembersBack(tx, customerKey, ahead)
  for (const line of await loadLines(tx, customerKey))
    await scheduleSettlement(tx, { app, scope, now: ahead.at }, customerKey, line)
}
