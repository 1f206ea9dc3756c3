import { pageRequest, pageToWire } from '../kernel/page.ts'
import type { Handlers } from '../operation.ts'
import { cancelTask } from './commands.ts'
import { listTasks, retrieveTask } from './queries.ts'
import { taskToWire } from './wire.ts'

/** The operations on tasks. */
export const taskHandlers: Handlers<'v1.tasks.list' | 'v1.tasks.retrieve' | 'v1.tasks.cancel'> = {
  'v1.tasks.list': async ({ query }, call) =>
    pageToWire(await listTasks(call, pageRequest(query)), taskToWire),
  'v1.tasks.retrieve': async ({ params }, call) => ({
    data: taskToWire(await retrieveTask(call, params.id)),
  }),
  'v1.tasks.cancel': async ({ params }, call) => ({
    data: taskToWire(await cancelTask(call, params.id)),
  }),
}
