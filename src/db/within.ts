import { assert } from '../kernel/assert.ts'
import { createEpochs } from './epochs.ts'
import { sql } from './sql.ts'
import type { Database, Tx } from './types.ts'

/**
 * A database inside of a transaction: whatever is read sees what `outer` has written, and whatever
 * is written becomes durable with `outer`. Its transactions come one after the other, and one whose
 * work throws is undone alone. It opens no connection. Deadlocks are not run again here:
 * PostgreSQL ends all of `outer` for one.
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
        return await partOf(outer, work)
      } finally {
        isOpen = false
      }
    },
    heavy: (_, work) => work(inside),
    withClient: async () => outside(),
    look: async () => outside(),
    counts: outside,
    close: async () => outside(),
  }
  return inside
}

function outside(): never {
  throw new Error('assertion failed: a connection was asked for inside of a transaction')
}

/** `savepoint` travels with the first statement, as `begin` does. */
async function partOf<T>(outer: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
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
    // Without the release the name would still lead to this part in the next one.
    const undone = [sql`rollback to savepoint part`, sql`release savepoint part`]
    await Promise.all(undone.map((statement) => outer.execute(statement))).catch(ignore)
    throw error
  }
}

const ignore = () => {}
