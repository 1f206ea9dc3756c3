import { holdCatalog } from '../catalog/index.ts'
import type { PublisherOfMany } from '../entitlements/index.ts'
import { required } from '../kernel/assert.ts'
import { isOpen, type TaskKind } from '../tasks/index.ts'
import { type ImportRow, importRow } from './import-row.ts'

type Step = Parameters<TaskKind['run']>[0]

/** How many rows are looked at between two looks at the task. */
const PAGE = 100

const rowsOf = ({ task }: Step): readonly ImportRow[] =>
  (task.input.rows ?? []) as readonly ImportRow[]

const rowAt = (step: Step, item: string): ImportRow =>
  required(rowsOf(step)[Number(item)], 'a row of an import')

/**
 * The task that imports subscriptions. Each item is a row, named by its index. Rows are done in
 * order, because two of them may be about the same customer.
 */
export const importTask = (publisherOf: PublisherOfMany): TaskKind => ({
  ...{ atOnce: 1, failureCode: 'ImportSubscriptionsBulkError' },
  isReady: async () => true,
  find: async (_, step, after) => {
    const from = after === null ? 0 : Number(after) + 1
    const end = Math.min(from + PAGE, rowsOf(step).length)
    const items = Array.from({ length: end - from }, (_item, at) => `${from + at}`)
    return { items, next: end === rowsOf(step).length ? null : `${end - 1}` }
  },
  run: async (step, item) => {
    const { app, scope, task } = step
    const call = { app, scope, origin: app.origin, publishEntitlements: publisherOf(app) }
    await app.db.transaction(async (tx) => {
      await holdCatalog(tx, scope)
      if (!(await isOpen(tx, scope, task))) return
      await importRow(tx, call, { row: rowAt(step, item), index: Number(item) })
    })
  },
  idOf: async (_, step, item) => rowAt(step, item).id,
})
