import type { Task as WireTask } from '../api.gen.ts'
import { instantToWire } from '../kernel/clock.ts'
import { progressOf } from './change-task.ts'
import type { Task, TaskInput } from './types.ts'

export const taskToWire = (task: Task): WireTask => ({
  id: task.key,
  type: task.type,
  package: packageToWire(task.input),
  status: task.status,
  progress: progressOf(task),
  total: task.total,
  done: task.done,
  failed: task.failed,
  errors: [...task.errors],
  createdAt: instantToWire(task.createdAt),
  updatedAt: instantToWire(task.updatedAt),
  finishedAt: task.finishedAt === null ? null : instantToWire(task.finishedAt),
})

const packageToWire = ({ package: named, version }: TaskInput): WireTask['package'] =>
  named === undefined || version === undefined ? null : { ...named, version }
