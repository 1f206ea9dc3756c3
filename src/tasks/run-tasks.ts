import { setTimeout as delay } from 'node:timers/promises'
import type { App } from '../app.ts'
import { isUnreachable } from '../db/index.ts'
import { GOES_ON, type WorkHandlers } from '../jobs/index.ts'
import { ApiError, WrongClock } from '../kernel/errors.ts'
import { machine } from '../kernel/watched-clock.ts'
import { counted, finished, progressed } from './change-task.ts'
import { STEP } from './commands.ts'
import * as store from './store.ts'
import type { Task, TaskError, TaskKind, TaskStep, TaskType } from './types.ts'

/**
 * How long a step begins something new, in milliseconds of the machine's time. Other due work waits
 * for a step to end. PostgreSQL ends a transaction that is idle for 15 s, as that of the step is.
 */
const STEP_MS = 2000
/** How many items are done between two stored states. A crash repeats at most so many. */
const STATE_ITEMS = 40
/**
 * How long a connection pauses after an item, as a multiple of the time that the item took. So it
 * is idle for half of the time, and sends less the busier the database is.
 */
const PAUSE = 1
/** After so many failed steps, an item that fails for whatever reason is passed over. */
const ATTEMPTS = 3

/**
 * The due work of tasks. A step does some items, each in its own transaction, and stores how far it
 * got. Nothing is lost if a step is interrupted or runs twice at once: items that are repeated
 * change nothing, and a state is stored only if no other step has stored one.
 */
export const taskWork = (kinds: Readonly<Record<TaskType, TaskKind>>): WorkHandlers => ({
  [STEP]: async (tx, { scope, subject, attempts }, now, app) => {
    const task = await store.findTaskToDo(tx, scope, subject)
    if (task === null || task.finishedAt !== null) return null
    const kind = kinds[task.type]
    const step = { app, scope, task }
    if (!(await kind.isReady(app.db.read, step))) return now + 1
    const after = await runStep(step, { kind, isPatient: attempts < ATTEMPTS })
    return after?.finishedAt ? null : GOES_ON
  },
})

/** How the items of a step are done. `isPatient`: failures that may pass end the step. */
type How = { kind: TaskKind; isPatient: boolean }

/** Returns the task after a step; null if somebody else has changed it. */
async function runStep(step: TaskStep, how: How): Promise<Task | null> {
  const { app } = step
  let current: TaskStep | null = step
  const end = machine.monotonic() + STEP_MS
  while (current !== null && machine.monotonic() < end) {
    if (current.task.finishedAt !== null) return current.task
    const page = await how.kind.find(app.db.read, current, current.task.reached)
    const now = app.clock.now()
    if (current.task.status === 'PENDING') {
      current = await save(current, counted(current.task, page, now))
      continue
    }
    for (let at = 0; at < page.items.length && current !== null; at += STATE_ITEMS) {
      if (machine.monotonic() >= end) return current.task
      current = await runItems(current, page.items.slice(at, at + STATE_ITEMS), how)
    }
    if (current === null) return null
    const { task } = current
    const after: Task = page.next === null ? finished(task, now) : { ...task, reached: page.next }
    current = await save(current, after)
  }
  return current?.task ?? null
}

/** Stores the state of a task. Returns null if it is another one meanwhile. */
async function save(step: TaskStep, after: Task): Promise<TaskStep | null> {
  const { app, scope, task: before } = step
  const saved = await app.db.transaction((tx) => store.saveTask(tx, scope, { before, after }))
  return saved === 0 ? null : { ...step, task: after }
}

async function runItems(
  step: TaskStep,
  items: readonly string[],
  how: How,
): Promise<TaskStep | null> {
  const { app, task } = step
  const first = task.done + task.failed
  const errors: TaskError[] = []
  const waiting = [...items.entries()]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, item] = next
      const start = machine.monotonic()
      const error = await runItem(step, item, how)
      if (error !== null) errors.push({ index: first + index, ...error })
      await delay((machine.monotonic() - start) * PAUSE)
    }
  }
  // Nothing of a step may go on after its end, also if an item has failed.
  const ended = await Promise.allSettled(Array.from({ length: how.kind.atOnce }, work))
  const failure = ended.find(({ status }) => status === 'rejected')
  if (failure?.status === 'rejected') throw failure.reason
  errors.sort((one, other) => one.index - other.index)
  const reached = items.at(-1) ?? ''
  return save(step, progressed(task, { reached, items: items.length, errors }, app.clock.now()))
}

/** Does an item. Returns why it has failed, or null. */
async function runItem(
  step: TaskStep,
  item: string,
  { kind, isPatient }: How,
): Promise<Omit<TaskError, 'index'> | null> {
  const { app } = step
  try {
    await kind.run(step, item)
    return null
  } catch (error) {
    const mayPass = error instanceof WrongClock || isUnreachable(error) || isPatient
    if (mayPass && !isRefusal(error)) throw error
    const id = await kind.idOf(app.db.read, step, item)
    if (isRefusal(error)) return { id, message: error.message, code: error.code }
    logFailure(app, error)
    return { id, message: 'an unexpected error occurred', code: kind.failureCode }
  }
}

const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status < 500

const logFailure = (app: App, error: unknown): void =>
  app.log.warn({ err: error }, 'an item of a task has failed')
