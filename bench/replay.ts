import type pg from 'pg'
import { type Ids, uuidv7 } from '../src/kernel/ids.ts'
import type { Recording, Step } from './types.ts'

type Row = Record<string, unknown>

const ids: Ids = uuidv7()

/**
 * Sends what was recorded: the same texts under the same names, each as soon as the real command
 * had the answers that it had waited for. Answers the rows of the last statement that had any.
 */
export async function replay(client: pg.ClientBase, recording: Recording): Promise<Row[]> {
  const answers: Promise<pg.QueryResult<Row>>[] = []
  for (const step of recording) {
    await answers[step.after - 1]
    answers.push(client.query<Row>(queryOf(step)))
  }
  const results = await Promise.all(answers)
  return results.findLast(({ rows }) => rows.length > 0)?.rows ?? []
}

function queryOf(step: Step): pg.QueryConfig {
  const { name, text } = step
  if (name === null) return { text }
  if (step.fresh.length === 0) return { name, text, values: step.values as unknown[] }
  const values: unknown[] = [...step.values]
  for (const index of step.fresh) values[index] = refreshed(step.values[index])
  return { name, text, values }
}

function refreshed(value: unknown): unknown {
  const now = Date.now()
  return Array.isArray(value) ? value.map(() => ids.next(now)) : ids.next(now)
}
