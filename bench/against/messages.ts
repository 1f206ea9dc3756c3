import type { Scenario, Turn } from '../types.ts'

/** A message to the process of a side. */
export type SideMessage =
  | { open: { root: string } }
  /** Starts a second server on the same database, if there is none. */
  | { second: true }
  | { prepare: string }
  | { count: string }
  | { execute: string }
  | { close: true }

/** The reply to `open`. */
export type OpenAnswer = {
  url: string
  pid: number
  machine: Readonly<Record<string, string | number>>
}

/** The reply to `second`. */
export type SecondAnswer = Pick<OpenAnswer, 'url' | 'pid'>

/** The reply to `prepare`. It is null if this side has no such scenario. */
export type PrepareAnswer =
  | (Pick<Scenario, 'warmUpSeconds' | 'written' | 'servers'> & {
      lanes: readonly (readonly Request[])[]
    })
  | null

export type Request = Pick<Turn, 'method' | 'path' | 'body' | 'headers'>
