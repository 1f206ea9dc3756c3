import pg from 'pg'
import { StatementQuery } from '../src/db/statement-query.ts'
import type { Ids } from '../src/kernel/ids.ts'
import type { Fresh, Step, Steps } from './types.ts'

type Sent = string | { name?: string; text: string; values?: Step['values'] }
type Answer = Promise<unknown> | StatementQuery | undefined
type Draft = Omit<Step, 'fresh'>

let draft: Draft[] | null = null
let answered = 0
let made = new Set<string>()

/**
 * Records all statements of this process from now on. So the baselines run exactly the statements
 * of the real commands, including `begin` and `commit`.
 */
export function watchStatements(): void {
  const prototype = pg.Client.prototype as unknown as {
    query(...sent: unknown[]): Answer
  }
  const original = prototype.query
  prototype.query = function query(this: pg.Client, ...sent) {
    const answer = original.apply(this, sent)
    if (draft !== null) note(draft, sent[0] as Sent, answer)
    return answer
  }
}

function note(steps: Draft[], sent: Sent, answer: Answer): void {
  const statement = typeof sent === 'string' ? { text: sent } : sent
  steps.push({
    name: statement.name ?? null,
    text: statement.text,
    values: statement.values ?? [],
    after: answered,
  })
  const count = () => {
    answered += 1
  }
  const end = answer instanceof StatementQuery ? answer.result : answer
  end?.then(count, count)
}

/** Wraps `ids` to note the ids that are made during a recording. */
export const notedIds = (ids: Ids): Ids => ({
  next: (now) => {
    const id = ids.next(now)
    if (draft !== null) made.add(id)
    return id
  },
})

/**
 * Runs `work` and returns the statements that it sent. Nothing else may run meanwhile. `earlier` is
 * a recording of the same work with other keys.
 */
export async function record(work: () => Promise<unknown>, earlier: Steps = []): Promise<Steps> {
  const steps: Draft[] = []
  draft = steps
  answered = 0
  made = new Set()
  try {
    await work()
  } finally {
    draft = null
  }
  if (steps.length === 0) throw new Error('the operation to be recorded sent no statement')
  const own = new Set([...made, ...namesOwn(steps, earlier)])
  return steps.map((step) => ({ ...step, fresh: freshOf(step, own) }))
}

/** Matches an id, or the digest of a key. */
const NAME = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})/
const DIGESTS = /[0-9a-f]{32}/g

/** Returns the digests that differ from those of an earlier recording. They are those of keys. */
export function namesOwn(
  steps: readonly Omit<Step, 'fresh'>[],
  earlier: readonly Omit<Step, 'fresh'>[],
): Set<string> {
  const own = new Set<string>()
  for (const { text, values } of steps) {
    const before = earlier.find((step) => step.text === text)
    if (before === undefined) continue
    for (const [index, value] of values.entries()) {
      const others = digestsIn(before.values[index])
      for (const [place, digest] of digestsIn(value).entries())
        if (digest !== others[place]) own.add(digest)
    }
  }
  return own
}

/** A value may be an array, or an array as text. */
const digestsIn = (value: Step['values'][number] | undefined): string[] =>
  listOf(value).flatMap((part) => (typeof part === 'string' ? (part.match(DIGESTS) ?? []) : []))

const listOf = (value: Step['values'][number] | undefined): readonly unknown[] =>
  Array.isArray(value) ? value : [value]

function freshOf(step: Draft, own: ReadonlySet<string>): Fresh[] {
  return step.values.flatMap((value, index) => {
    const texts = listOf(value).map((part) => piecesOf(part, own))
    return texts.some((pieces) => pieces !== null && pieces.length > 1) ? [{ index, texts }] : []
  })
}

/**
 * Splits a text so that the ids and digests of this run are at the odd positions. Returns null if
 * the value is not a text.
 */
export function piecesOf(value: unknown, own: ReadonlySet<string>): string[] | null {
  if (typeof value !== 'string') return null
  const pieces: string[] = []
  let text = ''
  for (const piece of value.split(NAME)) {
    if (own.has(piece)) {
      pieces.push(text, piece)
      text = ''
    } else text += piece
  }
  return [...pieces, text]
}
