import { type ApiError, notFound } from '../kernel/errors.ts'
import { inPath } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { Call } from '../operation.ts'
import * as store from './store.ts'
import type { Task } from './types.ts'

export const unknownTask = (id: string): ApiError =>
  notFound(inPath('id'), null, `task ${id} not found; a limited number of tasks is kept`)

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** Returns the key of a task from the id in a path. 404 if the id is no UUID. */
export function taskKeyOf(id: string): Uuid {
  if (!UUID.test(id)) throw unknownTask(id)
  return id.toLowerCase()
}

/** Returns a task. 404 for an unknown one. */
export async function retrieveTask({ app, scope }: Call, id: string): Promise<Task> {
  const found = await store.findTask(app.db.read, scope, taskKeyOf(id))
  if (found === null) throw unknownTask(id)
  return found
}

/** Returns tasks, newest first. */
export const listTasks = ({ app, scope }: Call, page: PageRequest): Promise<Page<Task>> =>
  store.listTasks(app.db.read, scope, page)
