import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { type Ids, uuidv7 } from '../src/kernel/ids.ts'
import type { Step, Steps } from './types.ts'

type Row = Record<string, unknown>

const ids: Ids = uuidv7()

/**
 * Sends the recorded statements with the same texts and names. Each waits for the same results as
 * in the real command. Returns the rows of the last statement that returned any.
 */
export async function replay(client: pg.ClientBase, recording: Steps): Promise<Row[]> {
  const answers: Promise<pg.QueryResult<Row>>[] = []
  const renewed = new Map<string, string>()
  for (const step of recording) {
    await answers[step.after - 1]
    answers.push(client.query<Row>(queryOf(step, renewed)))
  }
  const results = await Promise.all(answers)
  return results.findLast(({ rows }) => rows.length > 0)?.rows ?? []
}

function queryOf(step: Step, renewed: Map<string, string>): pg.QueryConfig {
  const { name, text } = step
  if (name === null) return { text }
  const values: unknown[] = [...step.values]
  for (const { index, texts } of step.fresh) {
    const value = step.values[index]
    values[index] = Array.isArray(value)
      ? value.map((part, at) => renew(part, texts[at], renewed))
      : renew(value, texts[0], renewed)
  }
  return { name, text, values }
}

/** Returns a newer id, or another digest. */
const another = (piece: string): string =>
  piece.includes('-') ? ids.next(Date.now()) : randomUUID().replaceAll('-', '')

/** Replaces the ids and digests of the recorded run in a value, equal ones by equal ones. */
function renew(
  value: unknown,
  pieces: readonly string[] | null | undefined,
  renewed: Map<string, string>,
): unknown {
  if (!pieces || pieces.length === 1) return value
  return pieces.reduce((text, piece, index) => {
    if (index % 2 === 0) return text + piece
    const id = renewed.get(piece) ?? another(piece)
    renewed.set(piece, id)
    return text + id
  }, '')
}
