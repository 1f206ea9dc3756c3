import { renewVersion } from '../customers/index.ts'
import { required } from '../kernel/assert.ts'
import { badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { announce, concludeChange, publishAt, triggersOf } from './announce.ts'
import { givesAccess } from './change-line.ts'
import { type Subject, withSubscription } from './change-subscription.ts'
import { lineAtPlace, provideResource } from './find-place.ts'
import { productOf } from './journey.ts'
import type { StoredLine } from './line-store.ts'
import { loadNames, type NamedSubscription } from './names-store.ts'
import type { SubscriptionCall } from './provision.ts'
import { insertRevisions, saveLine, saveRevisions } from './revision-store.ts'
import { saveChange, scheduleSettlement } from './save-change.ts'
import {
  refuseEnded,
  transferSubscription as rule,
  type Transfer,
} from './transfer-subscription.ts'

/**
 * Moves a subscription to another resource of its customer, which is added if it is new. 404
 * `SubscriptionNotFound`; 400 `InvalidArgumentError` for a product without resources; 400 and 409
 * as the rule.
 */
export const transferSubscription = (
  call: SubscriptionCall,
  id: string,
  resourceId: string,
): Promise<NamedSubscription> =>
  withSubscription(call, id, async (subject) => {
    const { tx, call: at, customer, customerKey, stored, before } = subject
    refuseEnded(before)
    const product = await productOf(tx, stored.productKey)
    if (!product.multipleSubscriptions)
      throw badInput(
        inBody('destinationResourceId'),
        `destinationResourceId: subscriptions to the product ${product.id} are not for a resource`,
        'InvalidArgumentError',
      )
    const owned = { customerKey, subscription: before }
    const { transitions: ofTime } = customer
    const publish = call.publishEntitlements
    const resourceKey = await provideResource(tx, at, customerKey, resourceId)
    if (resourceKey === stored.resourceKey) {
      await concludeChange(tx, at, { customerKey, transitions: ofTime }, publish)
      return owned
    }
    const present = stored.line.subscriptions.map((subscription) => ({ customerKey, subscription }))
    const namesBefore = await loadNames(tx, present)
    const from = namesBefore.facts.get(before.key)?.resourceId ?? null
    const place = { productKey: product.key, resourceKey }
    const to = await lineAtPlace(tx, at, customer, place)
    const lines = { from: stored.line, to: to.line }
    const transfer = rule(lines, before.key, { at: at.now, resourceId })
    await save(subject, to, transfer)
    const moved = { at: at.now, kind: 'UPDATED', before, after: before } as const
    const transitions = [moved, ...transfer.left.transitions]
    await announce(tx, at, { customerKey, transitions, packages: new Map(), namesBefore })
    const triggers = await triggersOf(tx, { customerKey, transitions: ofTime })
    // Both resources have other entitlements now.
    if (givesAccess(before))
      for (const each of [from, resourceId]) triggers.set(each, 'subscription_updated')
    if (triggers.size === 0) await renewVersion(tx, at, [customerKey])
    await publishAt(tx, at, { customerKey, triggers }, publish)
    return owned
  })

/** Saves both lines, and the subscription as a revision of the one that it has entered. */
async function save(
  { tx, call, customerKey, stored, before }: Subject,
  to: StoredLine,
  { left, entered }: Transfer,
): Promise<void> {
  const { scope, now } = call
  const owner = { scope, customerKey }
  await saveLine(tx, owner, { ...to, settledAt: entered.settledAt })
  const span = required(stored.revisions.get(before.key), 'the revision of a subscription')
  const lives = { subscription: before, until: null }
  if (span.since === now)
    await saveRevisions(tx, { ...owner, lineKey: to.key }, [{ ...span, ...lives }])
  else {
    const ended = { ...span, subscription: before, until: now }
    await saveRevisions(tx, { ...owner, lineKey: stored.key }, [ended])
    const next = { ...lives, revision: span.revision + 1, since: now }
    await insertRevisions(tx, { ...owner, lineKey: to.key }, [next])
  }
  const rest = stored.line.subscriptions.filter((each) => each.key !== before.key)
  const without = { ...stored, line: { ...stored.line, subscriptions: rest } }
  const saved = await saveChange(tx, call, { customerKey, stored: without, change: left })
  for (const each of [saved, { ...to, line: entered }])
    await scheduleSettlement(tx, call, customerKey, each)
}
