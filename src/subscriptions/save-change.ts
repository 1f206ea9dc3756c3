import type { App } from '../app.ts'
import { claimIds, releaseIds } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import { scheduleAll, unschedule } from '../jobs/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { duplicated } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Owner, Scope } from '../kernel/scope.ts'
import type { StoredLine } from './line-store.ts'
import * as store from './revision-store.ts'
import { changedMembers, type Member, revisionsOf } from './revisions.ts'
import { nextInstant } from './timeline.ts'
import type { LineChange } from './types.ts'

export const SETTLE = 'subscription.settle'
const KIND = 'subscription'
const NO_FACTS: store.Facts = { payingCustomerKey: null, billingId: null, salesforceId: null }

export type SaveContext = { app: App; scope: Scope; now: Instant }

/** A line before a change, and what the request says of its new subscription. */
export type ChangedLine = {
  customerKey: Uuid
  stored: StoredLine
  change: LineChange
  facts?: { key: Uuid } & store.Facts
}

/**
 * Writes what has changed of a line, and returns the line as it is stored then. Call
 * `scheduleSettlement` after this. 409 if the id of a new subscription is taken.
 */
export async function saveChange(
  tx: Tx,
  { scope, now }: SaveContext,
  { customerKey, stored, change, facts }: ChangedLine,
): Promise<StoredLine> {
  const { key, productKey, resourceKey } = stored
  const { line, transitions } = change
  const owner: Owner & { lineKey: Uuid } = { scope, customerKey, lineKey: key }
  const { added, removed } = changedMembers(stored.line, line, transitions)
  const created = transitions.flatMap((each) => (each.before === null ? [each.after] : []))
  const started = created.filter((each) => !added.some((member) => member.key === each.key))
  const revisions = revisionsOf(stored, transitions)
  // A taken id is reported as such, and not as what another statement makes of it.
  if (added.length > 0)
    await claim(
      tx,
      owner,
      added.map(({ id }) => id),
    )
  // The statements are sent together and run in this order.
  await Promise.all([
    store.saveLine(tx, owner, { key, productKey, resourceKey, settledAt: line.settledAt }),
    store.addMembers(
      tx,
      owner,
      added.map((member) => ({
        ...member,
        ...(member.key === facts?.key ? facts : NO_FACTS),
        createdAt: created.find((each) => each.key === member.key)?.createdAt ?? now,
      })),
    ),
    store.startMembers(tx, owner, started),
    store.saveRevisions(tx, owner, revisions),
    removeMembers(tx, owner, removed),
  ])
  const spans = new Map(stored.revisions)
  for (const { subscription, revision, since } of revisions)
    spans.set(subscription.key, { revision, since })
  return { ...stored, line, revisions: spans }
}

async function removeMembers(tx: Tx, owner: Owner, removed: readonly Member[]): Promise<void> {
  if (removed.length === 0) return
  await Promise.all([
    store.removeMembers(
      tx,
      owner,
      removed.map(({ key }) => key),
    ),
    releaseIds(tx, owner.scope, { kind: KIND, ids: removed.map(({ id }) => id) }),
  ])
}

async function claim(tx: Tx, { scope, customerKey }: Owner, ids: readonly string[]): Promise<void> {
  const claims = ids.map((id) => ({ id, customerKey }))
  const claimed = await claimIds(tx, scope, { kind: KIND, claims })
  if (claimed < ids.length) throw takenId(ids.join(', '))
}

/** 409 for an id that another subscription has, or is going to have. */
export const takenId = (id: string) =>
  duplicated(inBody('id'), `id: subscription ${id} already exists`)

/** Schedules the next instant at which something must be written or announced for a line. */
export async function scheduleSettlement(
  tx: Tx,
  { app, scope }: SaveContext,
  customerKey: Uuid,
  { key: subject, line }: StoredLine,
): Promise<void> {
  const dueAt = nextInstant(line)
  if (dueAt === null) await unschedule(tx, { customerKey, kinds: [SETTLE], subject })
  else await scheduleAll(tx, app, [{ scope, customerKey, kind: SETTLE, subject, dueAt }])
}
