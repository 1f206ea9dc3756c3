import type { Call } from '../operation.ts'

/** The turn that a transaction asks for, if any. */
export type Turn = { turn: string } | undefined

/**
 * The turn that work will ask for. It has to be taken before the transaction is begun: whoever
 * waits for one with a connection in hand may wait for somebody who waits for a connection. So the
 * work is begun once and left where it first asks for the database. Until then it has had no
 * effect, and nothing refers to it any more.
 */
export function turnOf(call: Call, work: (call: Call) => Promise<unknown>): Promise<Turn> {
  return new Promise((resolve) => {
    const leave = (turn?: Turn): Promise<never> => {
      resolve(turn)
      return new Promise(() => {})
    }
    const db = {
      ...call.app.db,
      read: { many: () => leave(), maybeOne: () => leave(), one: () => leave() },
      transaction: (_: unknown, turn?: Turn) => leave(turn),
      withClient: () => leave(),
    }
    const decided = () => resolve(undefined)
    work({ ...call, app: { ...call.app, db } }).then(decided, decided)
  })
}
