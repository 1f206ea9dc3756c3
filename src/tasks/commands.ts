import type { Tx } from '../db/index.ts'
import { type PublishContext, publish } from '../events/index.ts'
import { scheduleAll } from '../jobs/index.ts'
import { required } from '../kernel/assert.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Call } from '../operation.ts'
import { canceled } from './change-task.ts'
import { taskKeyOf, unknownTask } from './queries.ts'
import * as store from './store.ts'
import type { Task, TaskInput, TaskType } from './types.ts'
import { taskToWire } from './wire.ts'

/** The kind of due work that does the steps of tasks. */
export const STEP = 'task.step'

type NewTask = { type: TaskType; subject: Uuid; input: TaskInput }

/**
 * Starts a task in the transaction of what it follows from. Tasks about the same subject that have
 * not finished are canceled: the new one does what they have left. Returns its id.
 */
export async function startTask(tx: Tx, context: PublishContext, asked: NewTask): Promise<Uuid> {
  for (const before of await store.lockOpenTasks(tx, context.scope, asked.subject))
    await saveCanceled(tx, context, before)
  return required(await startTaskAlone(tx, context, asked), 'a task that nothing hinders')
}

/** Starts a task unless one about the same subject is open. Then it returns null, else its id. */
export async function startTaskAlone(
  tx: Tx,
  context: PublishContext,
  asked: NewTask,
): Promise<Uuid | null> {
  const { app, scope, now } = context
  await store.trimTasks(tx, scope)
  const key = app.ids.next(now)
  const counts = { reached: null, total: 0, done: 0, failed: 0, errors: [] }
  const instants = { createdAt: now, updatedAt: now, finishedAt: null }
  const task: Task = { key, ...asked, status: 'PENDING', ...counts, ...instants }
  if ((await store.addTask(tx, scope, task)) === 0) return null
  const work = { scope, customerKey: null, kind: STEP, subject: key, dueAt: now }
  await scheduleAll(tx, app, [work])
  const after = taskToWire(task)
  await publish(tx, context, [
    { type: 'task.created', customerKey: null, objectId: key, before: null, after },
  ])
  return key
}

/** Cancels a task. One that has finished stays as it is. 404 for an unknown task. */
export const cancelTask = (call: Call, id: string): Promise<Task> =>
  call.app.db.transaction(async (tx) => {
    const before = await store.lockTask(tx, call.scope, taskKeyOf(id))
    if (before === null) throw unknownTask(id)
    return saveCanceled(tx, { ...call, now: call.app.clock.now() }, before)
  })

async function saveCanceled(tx: Tx, context: PublishContext, before: Task): Promise<Task> {
  const after = canceled(before, context.now)
  if (after === before) return before
  await store.saveTask(tx, context.scope, { before, after })
  const event = { type: 'task.updated', customerKey: null, objectId: after.key } as const
  const shown = { before: taskToWire(before), after: taskToWire(after) }
  await publish(tx, context, [{ ...event, ...shown }])
  return after
}
