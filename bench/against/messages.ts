import type { Scenario, Turn } from '../types.ts'

/** What the process of a side is asked. */
export type SideMessage =
  | { open: { root: string } }
  | { prepare: string }
  | { count: string }
  | { execute: string }
  | { close: true }

/** What `open` answers. */
export type OpenAnswer = {
  url: string
  pid: number
  machine: Readonly<Record<string, string | number>>
}

/** What `prepare` answers; null for a scenario that this side does not know. */
export type PrepareAnswer =
  | (Pick<Scenario, 'warmUpSeconds' | 'written'> & { lanes: readonly (readonly Request[])[] })
  | null

export type Request = Pick<Turn, 'method' | 'path' | 'body'>
