import { findPackageNames } from '../catalog/packages/index.ts'
import { findOwner } from '../customers/index.ts'
import type { Reader } from '../db/index.ts'
import { isAnyDue } from '../jobs/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Page } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Call } from '../operation.ts'
import { isOver } from './change-line.ts'
import { unknownSubscription } from './change-subscription.ts'
import { findSubscription, loadLinesByKey, type StoredSubscription } from './line-store.ts'
import { type SubscriptionFilter, listSubscriptions as storedPage } from './list-store.ts'
import { loadPackages } from './load-packages.ts'
import { loadNames, type NamedSubscription, type OwnedSubscription } from './names-store.ts'
import { SETTLE } from './save-change.ts'
import { lineAt, nextInstant } from './timeline.ts'

/** Returns a subscription as it is now. 404 `SubscriptionNotFound`. */
export async function retrieveSubscription(
  { app, scope }: Call,
  id: string,
): Promise<NamedSubscription> {
  const { read } = app.db
  const customerKey = await findOwner(read, scope, { kind: 'subscription', id })
  const found = customerKey && (await findSubscription(read, customerKey, id))
  if (!found) throw unknownSubscription(id)
  const [now = found] = await asOf(read, [found], app.clock.now())
  return { ...now, names: await loadNames(read, [now]) }
}

/**
 * Returns a page of subscriptions as they are now, newest first. One that has just followed another
 * is listed once it is stored, which is within seconds.
 */
export async function listSubscriptions(
  { app, scope }: Call,
  {
    planId,
    ...filter
  }: Omit<SubscriptionFilter, 'includesDue' | 'planKey'> & { planId: string | null },
): Promise<Page<OwnedSubscription>> {
  const { read } = app.db
  const now = app.clock.now()
  const due = { kind: SETTLE, now }
  const includesDue = filter.statuses !== null && (await isAnyDue(read, scope, due))
  const planKey = planId === null ? null : await planNamed(read, scope, planId)
  const asked = { ...filter, includesDue, planKey }
  const { data, pagination } = await storedPage(read, scope, asked)
  const current = await asOf(read, data, now)
  const { statuses } = filter
  const listed = current.filter(
    ({ subscription }) => statuses === null || statuses.includes(subscription.status),
  )
  return { data: listed, pagination }
}

/** A key that no plan has, so that the list is empty. */
const NO_PLAN: Uuid = '00000000-0000-0000-0000-000000000000'

async function planNamed(reader: Reader, scope: Scope, planId: string): Promise<Uuid> {
  const [found] = await findPackageNames(reader, scope, [planId])
  return found?.key ?? NO_PLAN
}

/** Returns subscriptions in their order, with everything applied that is due until `now`. */
async function asOf(
  reader: Reader,
  stored: readonly StoredSubscription[],
  now: Instant,
): Promise<OwnedSubscription[]> {
  const live = stored.filter(({ subscription }) => !isOver(subscription))
  if (live.length === 0) return [...stored]
  const lines = await loadLinesByKey(reader, live)
  const due = lines.filter(({ line }) => (nextInstant(line) ?? now + 1) <= now)
  const packages = await loadPackages(
    reader,
    due.map(({ line }) => line),
    { keys: [], now },
  )
  const current = due.flatMap(({ line }) => lineAt(line, now, packages).subscriptions)
  const byKey = new Map(current.map((subscription) => [subscription.key, subscription]))
  return stored.map(({ customerKey, subscription }) => ({
    customerKey,
    subscription: byKey.get(subscription.key) ?? subscription,
  }))
}
