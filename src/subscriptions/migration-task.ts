import { holdCatalog } from '../catalog/index.ts'
import { lockCustomerByKey } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import type { EntitlementPublisher } from '../entitlements/index.ts'
import type { PublishContext } from '../events/index.ts'
import { isAnyDue } from '../jobs/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import { isOpen, type TaskKind } from '../tasks/index.ts'
import { announce, concludeChange } from './announce.ts'
import { inTurn, unchanged } from './change-line.ts'
import { customerIdOf, customersBehind } from './customers-behind-store.ts'
import type { StoredLine } from './line-store.ts'
import { loadPackages } from './load-packages.ts'
import { moveToPublished } from './migrate-subscription.ts'
import { SETTLE, saveChange, scheduleSettlement } from './save-change.ts'
import { settleCustomer, settled } from './settle-lines.ts'
import type { Line, LineChange, Packages, Pin } from './types.ts'

type Step = Parameters<TaskKind['run']>[0]

const targetOf = ({ task }: Step): Pin => ({
  packageKey: task.subject,
  version: Number(Reflect.get(task.input, 'version')),
})

/**
 * The task that moves the subscriptions in force of all customers to a version that was published
 * for them. Each item is a customer, named by its key.
 */
export const migrationTask = (publishEntitlements: EntitlementPublisher): TaskKind => ({
  // A subscription that started before the publication has an older version. So wait for the starts
  // that are not stored yet.
  isReady: async (reader, { scope, task }) =>
    !(await isAnyDue(reader, scope, { kind: SETTLE, now: task.createdAt })),
  find: (reader, step, after) => customersBehind(reader, step.scope, targetOf(step), after),
  run: (step, customerKey) =>
    step.app.db.transaction(async (tx) => {
      const { app, scope, task } = step
      await holdCatalog(tx, scope)
      if (!(await isOpen(tx, scope, task))) return
      await lockCustomerByKey(tx, customerKey)
      const context = { app, scope, now: app.clock.now(), origin: app.origin }
      await moveCustomer(tx, context, { customerKey, to: targetOf(step), publishEntitlements })
    }),
  idOf: customerIdOf,
})

async function moveCustomer(
  tx: Tx,
  context: PublishContext,
  {
    customerKey,
    to,
    publishEntitlements,
  }: { customerKey: Uuid; to: Pin; publishEntitlements: EntitlementPublisher },
): Promise<void> {
  const customer = await settleCustomer(tx, context, customerKey)
  const at = { ...context, now: customer.now }
  const behind = customer.lines.filter(({ line }) => isBehind(line, to))
  const packages = await loadPackages(
    tx,
    behind.map(({ line }) => line),
    { keys: [], now: at.now, pins: [to] },
  )
  const moved: LineChange['transitions'][number][] = []
  for (const stored of behind) {
    const change = moveLine(stored, to, { at: at.now, packages })
    const saved = await saveChange(tx, at, { customerKey, stored, change })
    await scheduleSettlement(tx, at, customerKey, saved)
    moved.push(...change.transitions)
  }
  await announce(tx, at, { customerKey, transitions: moved, packages })
  const transitions = [...customer.transitions, ...moved]
  await concludeChange(tx, at, { customerKey, transitions }, publishEntitlements)
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
