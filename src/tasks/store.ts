import type { Reader, Sql, Tx } from '../db/index.ts'
import { column, hasRow, pageReader, row, sql } from '../db/index.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Task, TaskError, TaskInput } from './types.ts'

/** The most finished tasks of an environment that are kept. */
const KEPT_LIMIT = 1000

const taskRow = row<Task>({
  key: column.from('task_key', column.uuid),
  type: column.oneOf('SUBSCRIPTION_MIGRATION', 'SUBSCRIPTION_IMPORT'),
  subject: column.uuid,
  input: column.json<TaskInput>(),
  status: column.oneOf(
    ...(['PENDING', 'IN_PROGRESS', 'COMPLETED', 'PARTIALLY_FAILED', 'FAILED', 'CANCELED'] as const),
  ),
  reached: column.nullable(column.text),
  total: column.integer,
  done: column.integer,
  failed: column.integer,
  errors: column.json<TaskError[]>(),
  createdAt: column.instant,
  updatedAt: column.instant,
  finishedAt: column.nullable(column.instant),
})

const selectWith = (input: Sql): Sql => sql`
  select task_key, type, subject, ${input} as input, status, reached, total, done, failed, errors,
    created_at, updated_at, finished_at
  from tasks`

/** Tasks without the rows of their input, which may be large. */
const selectTasks = selectWith(sql`input - 'rows'`)

const inEnvironment = (scope: Scope) => sql`environment_key = ${scope.environmentKey}::uuid`
const named = (scope: Scope, key: Uuid) => sql`${inEnvironment(scope)} and task_key = ${key}::uuid`

export const listTasks = pageReader((scope: Scope, page: PageRequest) => ({
  row: taskRow,
  select: selectTasks,
  table: sql`tasks`,
  of: inEnvironment(scope),
  large: [sql`errors`],
  key: sql`task_key`,
  page,
}))

export const findTask = (reader: Reader, scope: Scope, key: Uuid): Promise<Task | null> =>
  reader.maybeOne(taskRow, sql`${selectTasks} where ${named(scope, key)}`)

/** Returns whether a task has not finished. */
export const isOpen = (reader: Reader, scope: Scope, { key }: Task): Promise<boolean> =>
  hasRow(reader, sql`select 1 from tasks where ${named(scope, key)} and finished_at is null`)

/** Returns a task with the rows of its input. */
export const findTaskToDo = (reader: Reader, scope: Scope, key: Uuid): Promise<Task | null> =>
  reader.maybeOne(taskRow, sql`${selectWith(sql`input`)} where ${named(scope, key)}`)

export const lockTask = (tx: Tx, scope: Scope, key: Uuid): Promise<Task | null> =>
  tx.maybeOne(taskRow, sql`${selectTasks} where ${named(scope, key)} for update`)

/** Locks the tasks about a subject that have not finished. */
export const lockOpenTasks = (tx: Tx, scope: Scope, subject: Uuid): Promise<Task[]> =>
  tx.many(
    taskRow,
    sql`
    ${selectTasks}
    where ${inEnvironment(scope)} and subject = ${subject}::uuid and finished_at is null
    order by task_key for update`,
  )

/** Adds a task. Returns 0 if another one about the same subject is open, otherwise 1. */
export const addTask = (tx: Tx, scope: Scope, task: Task): Promise<number> =>
  tx.execute(sql`
    insert into tasks (environment_key, task_key, type, subject, input, status, reached, total,
      done, failed, errors, created_at, updated_at, finished_at)
    values (${scope.environmentKey}::uuid, ${task.key}::uuid, ${task.type}::text,
      ${task.subject}::uuid, ${JSON.stringify(task.input)}::jsonb, ${task.status}::text,
      ${task.reached}::text, ${task.total}::integer, ${task.done}::integer,
      ${task.failed}::integer, ${JSON.stringify(task.errors)}::jsonb,
      ${instantToWire(task.createdAt)}::timestamptz, ${instantToWire(task.updatedAt)}::timestamptz,
      ${orNull(task.finishedAt)}::timestamptz)
    on conflict (environment_key, subject) where finished_at is null do nothing`)

const orNull = (at: Instant | null): string | null => (at === null ? null : instantToWire(at))

/**
 * Saves a task, unless somebody has changed it since `before`. Deletes the rows of one that has
 * finished. Returns the number of saved tasks: 0 or 1.
 */
export const saveTask = (
  tx: Tx,
  scope: Scope,
  { before, after }: { before: Task; after: Task },
): Promise<number> =>
  tx.execute(sql`
    update tasks set status = ${after.status}::text, reached = ${after.reached}::text,
      total = ${after.total}::integer, done = ${after.done}::integer,
      failed = ${after.failed}::integer, errors = ${JSON.stringify(after.errors)}::jsonb,
      updated_at = ${instantToWire(after.updatedAt)}::timestamptz,
      finished_at = ${orNull(after.finishedAt)}::timestamptz,
      input = case when ${after.finishedAt === null}::boolean then input else input - 'rows' end
    where ${named(scope, before.key)} and status = ${before.status}::text
      and reached is not distinct from ${before.reached}::text`)

/** Deletes the oldest finished tasks beyond those that are kept. */
export const trimTasks = (tx: Tx, scope: Scope): Promise<number> =>
  tx.execute(sql`
    delete from tasks
    where ${inEnvironment(scope)} and finished_at is not null and task_key <= (
      select task_key from tasks where ${inEnvironment(scope)} and finished_at is not null
      order by task_key desc offset ${KEPT_LIMIT}::integer limit 1)`)
