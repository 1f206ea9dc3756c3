import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { requestOf } from './sides.ts'
import { FRESH_ID, type Turn } from './types.ts'
import { pathWith, reservedIn } from './wholes.ts'

/** Counts events, for scenarios that do not say what their calls write. */
export const EVENTS = 'select count(*) from outbox'

type CallOf = Pick<Turn, 'method' | 'path' | 'body'>

/** Sends the requests of one call. Returns how many records the last response contains. */
export async function recordsAnswered(url: string, turns: readonly CallOf[]): Promise<number> {
  let answer: unknown
  for (const turn of turns) {
    const { path, ...init } = requestOf(turn)
    const body = init.body?.replaceAll(FRESH_ID, randomUUID())
    const at = url + pathWith(path, reservedIn(answer))
    const response = await fetch(at, { ...init, ...(body !== undefined && { body }) })
    const text = await response.text()
    if (!response.ok) throw new Error(`${turn.method} ${path}: ${response.status} ${text}`)
    answer = JSON.parse(text)
  }
  const { data } = answer as { data: unknown }
  return Array.isArray(data) ? data.length : 1
}

/** Returns the count of a statement. */
export async function countWith(client: pg.ClientBase, text: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>(text)
  return Number(rows[0]?.count)
}
