import type { App } from '../app.ts'
import type { Reader } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

export type TaskType = 'SUBSCRIPTION_MIGRATION' | 'SUBSCRIPTION_IMPORT'

export type TaskStatus =
  | 'PENDING'
  | 'IN_PROGRESS'
  | 'COMPLETED'
  | 'PARTIALLY_FAILED'
  | 'FAILED'
  | 'CANCELED'

/** Why an item has failed. `index` is its place among all items, from 0. */
export type TaskError = { index: number; id: string; message: string; code: string | null }

/** What a task is done with, as it is stored. */
export type TaskInput = {
  /** The version of the package that it is about. */
  version?: number
  package?: { type: 'PLAN' | 'ADDON'; id: string }
  /** The rows of an import, which may be large. They are deleted once it has finished. */
  rows?: readonly unknown[]
}

export type Task = {
  key: Uuid
  type: TaskType
  /** The key of what it is about. */
  subject: Uuid
  input: TaskInput
  /** PENDING: its items are being counted. */
  status: TaskStatus
  /** The item that was counted or done last. null: none. */
  reached: string | null
  total: number
  done: number
  failed: number
  /** The first ones. */
  errors: readonly TaskError[]
  createdAt: Instant
  updatedAt: Instant
  finishedAt: Instant | null
}

/** What a step of a task has to do with. */
export type TaskStep = { app: App; scope: Scope; task: Task }

/** Items of a task in their order. */
export type TaskPage = {
  items: readonly string[]
  /** The last one that was looked at. null: nothing is left. */
  next: string | null
}

/** How tasks of a type are done. */
export type TaskKind = {
  /** How many items are done at once, each on a connection of its own. 1: in their order. */
  atOnce: number
  /** The code of an item that has failed although nothing refuses it. */
  failureCode: string | null
  /** Whether everything from before the task has been stored. */
  isReady(reader: Reader, step: TaskStep): Promise<boolean>
  /** Returns the next items after one. It reads a bounded number of rows. */
  find(reader: Reader, step: TaskStep, after: string | null): Promise<TaskPage>
  /**
   * Does an item in a transaction of its own. Done again, it must change nothing. Before it writes,
   * it asks `isOpen` in that transaction.
   */
  run(step: TaskStep, item: string): Promise<void>
  /** Returns what an error calls an item. */
  idOf(reader: Reader, step: TaskStep, item: string): Promise<string>
}
