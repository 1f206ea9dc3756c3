import { assert } from '../kernel/assert.ts'
import { createEpochs } from './epochs.ts'
import { sql } from './sql.ts'
import type { Database, Tx } from './types.ts'

/**
 * Returns a database whose statements run in the transaction `outer`. Reads see what `outer` has
 * written, and writes become durable with `outer`. Its transactions are savepoints and must run one
 * after the other. If the work of a savepoint throws, only this savepoint is rolled back. The
 * database opens no connection. It does not retry after a deadlock, because a deadlock ends the
 * whole of `outer`.
 */
export function within(outer: Tx): Database {
  let isOpen = false
  const inside: Database = {
    epochs: createEpochs(),
    read: outer,
    snapshot: (work) => work(outer),
    transaction: async (work) => {
      assert(!isOpen, 'two transactions were open at once within one')
      isOpen = true
      try {
        return await runInSavepoint(outer, work)
      } finally {
        isOpen = false
      }
    },
    write: (statement) =>
      inside.transaction(async (tx) => {
        await tx.execute(statement)
      }),
    heavy: (_, work) => work(inside),
    withClient: async () => failWithoutConnection(),
    look: async () => failWithoutConnection(),
    counts: failWithoutConnection,
    close: async () => failWithoutConnection(),
  }
  return inside
}

function failWithoutConnection(): never {
  throw new Error('assertion failed: a connection was asked for inside of a transaction')
}

/** `savepoint` is sent together with the first statement, like `begin`. */
async function runInSavepoint<T>(outer: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
  let ended = false
  const open = (): Tx => {
    assert(!ended, 'a statement was sent in a transaction that has ended')
    return outer
  }
  const begun = outer.execute(sql`savepoint part`)
  begun.catch(ignore)
  try {
    const result = await work({
      many: async (decode, statement) => open().many(decode, statement),
      maybeOne: async (decode, statement) => open().maybeOne(decode, statement),
      one: async (decode, statement) => open().one(decode, statement),
      execute: async (statement) => open().execute(statement),
    })
    ended = true
    await begun
    await outer.execute(sql`release savepoint part`)
    return result
  } catch (error) {
    ended = true
    // Without the release, the name would still refer to this savepoint during the next one.
    const undone = [sql`rollback to savepoint part`, sql`release savepoint part`]
    await Promise.all(undone.map((statement) => outer.execute(statement))).catch(ignore)
    throw error
  }
}

const ignore = () => {}
