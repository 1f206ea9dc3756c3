import { holdCatalog } from '../catalog/index.ts'
import { lockCustomerByKey } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import type { EntitlementPublisher, PublisherOfMany } from '../entitlements/index.ts'
import type { PublishContext } from '../events/index.ts'
import { isAnyDue } from '../jobs/index.ts'
import { required } from '../kernel/assert.ts'
import { isOpen, type TaskKind } from '../tasks/index.ts'
import { announce, concludeChange } from './announce.ts'
import { inTurn, unchanged } from './change-line.ts'
import { customerIdOf, customersBehind } from './customers-behind-store.ts'
import type { StoredLine } from './line-store.ts'
import { loadPackages } from './load-packages.ts'
import { moveToPublished } from './migrate-subscription.ts'
import { type ChangedLine, SETTLE, saveChange, scheduleSettlement } from './save-change.ts'
import { loadCustomer, type SettledCustomer, settled, settleLoaded } from './settle-lines.ts'
import { nextInstant } from './timeline.ts'
import type { Line, LineChange, Packages, Pin } from './types.ts'

type Step = Parameters<TaskKind['run']>[0]

const targetOf = ({ task }: Step): Pin => ({
  packageKey: task.subject,
  version: required(task.input.version, 'the version that a task moves to'),
})

/**
 * The task that moves the subscriptions in force of all customers to a version that was published
 * for them. Each item is a customer, named by its key.
 */
export const migrationTask = (publisherOf: PublisherOfMany): TaskKind => ({
  ...{ atOnce: 2, failureCode: null },
  // A subscription that started before the publication has an older version. So wait for the starts
  // that are not stored yet.
  isReady: async (reader, { scope, task }) =>
    !(await isAnyDue(reader, scope, { kind: SETTLE, now: task.createdAt })),
  find: (reader, step, after) => customersBehind(reader, step.scope, targetOf(step), after),
  run: async (step, customerKey) => {
    const { app, scope, task } = step
    const publishEntitlements = publisherOf(app)
    const move = async (tx: Tx) => {
      // Sent together, they run in this order. So the lines are those of a locked customer.
      const [, isStillOpen, , loaded] = await Promise.all([
        holdCatalog(tx, scope),
        isOpen(tx, scope, task),
        lockCustomerByKey(tx, customerKey),
        loadCustomer(tx, customerKey, app.clock.now()),
      ])
      if (!isStillOpen) return
      const context = { app, scope, now: app.clock.now(), origin: app.origin }
      const customer = await settleLoaded(tx, context, loaded)
      await moveCustomer(tx, context, { customer, to: targetOf(step), publishEntitlements })
    }
    // Many customers follow, and planning these statements takes as long as running them.
    await app.db.transaction(move, { plans: 'cached' })
  },
  idOf: (reader, _, customerKey) => customerIdOf(reader, customerKey),
})

async function moveCustomer(
  tx: Tx,
  context: PublishContext,
  {
    customer,
    to,
    publishEntitlements,
  }: { customer: SettledCustomer; to: Pin; publishEntitlements: EntitlementPublisher },
): Promise<void> {
  const { customerKey } = customer
  const at = { ...context, now: customer.now }
  const behind = customer.lines.filter(({ line }) => isBehind(line, to))
  const packages = await loadPackages(
    tx,
    behind.map(({ line }) => line),
    { keys: [], now: at.now, pins: [to] },
  )
  const changes = behind.map((stored) => ({
    ...{ customerKey, stored },
    change: moveLine(stored, to, { at: at.now, packages }),
  }))
  await Promise.all(changes.map((change) => saveMoved(tx, at, change)))
  const moved = changes.flatMap(({ change }) => change.transitions)
  const transitions = [...customer.transitions, ...moved]
  // The names that the announcement reads arrive first, so its events are published first.
  await Promise.all([
    announce(tx, at, { customerKey, transitions: moved, packages }),
    concludeChange(tx, at, { customerKey, transitions }, publishEntitlements),
  ])
}

/** Saves a line. Most moves leave its next instant, which is scheduled then. */
async function saveMoved(tx: Tx, context: PublishContext, changed: ChangedLine): Promise<void> {
  const { line } = changed.change
  const isScheduled = nextInstant(line) === nextInstant(changed.stored.line)
  await Promise.all([
    saveChange(tx, context, changed),
    isScheduled
      ? null
      : scheduleSettlement(tx, context, changed.customerKey, { ...changed.stored, line }),
  ])
}

const isBehind = ({ subscriptions }: Line, { packageKey, version }: Pin): boolean =>
  subscriptions.some(({ pins }) =>
    pins.some((pin) => pin.packageKey === packageKey && pin.version < version),
  )

const moveLine = (
  { line }: StoredLine,
  to: Pin,
  { at, packages }: { at: number; packages: Packages },
): LineChange =>
  inTurn(
    unchanged(line),
    ...line.subscriptions.map(
      ({ key }) =>
        (now: Line) =>
          moveToPublished(now, key, to, { at, packages }),
    ),
    (now) => settled(now, at, packages),
  )
