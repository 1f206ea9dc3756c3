import { badInput } from '../kernel/errors.ts'
import { type Field, inBody } from '../kernel/field.ts'
import { createPause, nextSlice, type Pause } from '../kernel/in-slices.ts'
import { parseJsonBody, parseJsonPart } from './json-body.ts'
import { beginsObject, type Split, splitJson } from './split-json.ts'

/** Bodies up to this many bytes are parsed at once, which takes at most about a millisecond. */
export const AT_ONCE_BYTES = 32_768
/**
 * The largest part of a large body that is parsed at once, in bytes: the size of an ordinary body.
 */
const PART_LIMIT = 1_048_576
/** Bytes that are scanned in well under a millisecond. */
const STEP_BYTES = 65_536

/** A byte order mark. */
const MARK = [0xef, 0xbb, 0xbf]

/** Bodies that were large. All work on them is done in time slices. */
const large = new WeakSet<object>()

export const isLarge = (body: unknown): body is Readonly<Record<string, unknown>> =>
  typeof body === 'object' && body !== null && large.has(body)

/**
 * Returns a function that works like `parseJsonBody` on the chunks of a body, but parses large
 * bodies one after the other and item by item, so that the event loop is not blocked. Also 400 for
 * a large body that is not an object or has a part of over 1 MB.
 */
export function createBodyParser(): (chunks: readonly Buffer[]) => unknown {
  let last: Promise<unknown> = Promise.resolve()
  let unfinished = 0
  let workspace = Buffer.alloc(0)
  const parseNext = async (chunks: readonly Buffer[], length: number) => {
    // The previous body has used its slice.
    await nextSlice()
    // All large bodies share the workspace: writing to 15 MB of new memory takes up to 100 ms.
    if (workspace.length < length) workspace = Buffer.allocUnsafeSlow(length)
    const whole = await join(chunks, workspace)
    const isMarked = MARK.every((byte, index) => whole[index] === byte)
    return parseInSlices(isMarked ? whole.subarray(MARK.length) : whole)
  }
  return (chunks) => {
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    if (length <= AT_ONCE_BYTES) return parseJsonBody(Buffer.concat(chunks))
    unfinished += 1
    const mine = last
      .then(() => parseNext(chunks, length))
      .finally(() => {
        unfinished -= 1
        if (unfinished === 0) workspace = Buffer.alloc(0)
      })
    last = mine.catch(() => {})
    return mine
  }
}

/** Copies the chunks into the workspace and returns the part of it that they fill. */
async function join(chunks: readonly Buffer[], workspace: Buffer): Promise<Buffer> {
  const pause = createPause()
  let length = 0
  for (const chunk of chunks) {
    chunk.copy(workspace, length)
    length += chunk.length
    await pause()
  }
  return workspace.subarray(0, length)
}

async function parseInSlices(bytes: Buffer): Promise<object> {
  if (!beginsObject(bytes)) throw badInput(inBody(), 'body must be an object')
  const pause = createPause()
  const splitting = splitJson(bytes)
  while (!splitting.advance(STEP_BYTES)) await pause()
  const body = await joined(bytes, splitting.result(), pause)
  large.add(body)
  return body
}

async function joined(bytes: Buffer, { skeleton, lists }: Split, pause: Pause): Promise<object> {
  refuseLarge(skeleton, inBody(), 'everything in the body except its lists')
  const body = parseJsonBody(skeleton) as Record<string, unknown>
  const names = Object.entries(body).flatMap(([name, value]): [number, string][] =>
    Array.isArray(value) && typeof value[0] === 'number' ? [[value[0], name]] : [],
  )
  const nameOf = new Map(names)
  for (const [place, spans] of lists.entries()) {
    // If two lists have the same name, the last one counts. Both must be valid JSON.
    const name = nameOf.get(place)
    const items: unknown[] = []
    for (const [index, { from, to }] of spans.entries()) {
      const field = name === undefined ? inBody() : inBody(name, index)
      const item = bytes.subarray(from, to)
      refuseLarge(item, field, String(field) || 'an item')
      // The parser would skip a byte order mark at the start of an item as if it started the body.
      if (item[0] === MARK[0]) throw badInput(inBody(), 'body: not valid JSON')
      items.push(parseJsonPart(item, { field, depth: 2 }))
      await pause()
    }
    if (name !== undefined) body[name] = items
  }
  return body
}

function refuseLarge(part: Buffer, field: Field, what: string): void {
  if (part.length > PART_LIMIT) throw badInput(field, `${what} is larger than 1 MB`)
}
