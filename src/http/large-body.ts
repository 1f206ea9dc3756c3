import { badInput } from '../kernel/errors.ts'
import { createPause, nextSlice, type Pause } from '../kernel/in-slices.ts'
import { parseJsonBody, parseJsonPart } from './json-body.ts'
import { beginsObject, type Split, splitJson } from './split-json.ts'
import { fieldOf } from './validation-message.ts'

/** Bodies up to this length are parsed at once, in bytes: it takes a millisecond or less. */
export const AT_ONCE_BYTES = 32_768
/** What of a larger one is parsed at once, in bytes: the size of an ordinary body. */
const PART_LIMIT = 1_048_576
/** Bytes that are looked through in well under a millisecond. */
const STEP_BYTES = 65_536

/** A byte order mark. */
const MARK = [0xef, 0xbb, 0xbf]

/** Bodies that were large: what is done with them is done in slices, too. */
const large = new WeakSet<object>()

export const isLarge = (body: unknown): body is Readonly<Record<string, unknown>> =>
  typeof body === 'object' && body !== null && large.has(body)

/**
 * The same as `parseJsonBody`, but large bodies are parsed one after the other and item by item, so
 * that others are served meanwhile. 400 also for one that is no object, or has a part of over 1 MB.
 */
export function createBodyParser(): (bytes: Buffer) => unknown {
  let last: Promise<unknown> = Promise.resolve()
  return (bytes) => {
    if (bytes.length <= AT_ONCE_BYTES) return parseJsonBody(bytes)
    const mine = last.then(() => parseInSlices(bytes))
    last = mine.catch(() => {})
    return mine
  }
}

async function parseInSlices(whole: Buffer): Promise<object> {
  // The one before has had its slice.
  await nextSlice()
  const bytes = MARK.every((byte, index) => whole[index] === byte) ? whole.subarray(3) : whole
  if (!beginsObject(bytes)) throw badInput('body must be an object')
  const pause = createPause()
  const splitting = splitJson(bytes)
  while (!splitting.advance(STEP_BYTES)) await pause()
  const body = await joined(bytes, splitting.result(), pause)
  large.add(body)
  return body
}

async function joined(bytes: Buffer, { skeleton, lists }: Split, pause: Pause): Promise<object> {
  refuseLarge(skeleton, 'what is in the body beside its lists')
  const body = parseJsonBody(skeleton) as Record<string, unknown>
  const names = Object.entries(body).flatMap(([name, value]): [number, string][] =>
    Array.isArray(value) && typeof value[0] === 'number' ? [[value[0], name]] : [],
  )
  const nameOf = new Map(names)
  for (const [place, spans] of lists.entries()) {
    // Of two lists of one name the last one counts; both have to be JSON.
    const name = nameOf.get(place)
    const items: unknown[] = []
    for (const [index, { from, to }] of spans.entries()) {
      const pointer = `/${name ?? 'body'}/${index}`
      const item = bytes.subarray(from, to)
      refuseLarge(item, fieldOf(pointer))
      // Of a mark that an item began with the parser would think that it begins the body.
      if (item[0] === MARK[0]) throw badInput('body: not valid JSON')
      items.push(parseJsonPart(item, { pointer, depth: 2 }))
      await pause()
    }
    if (name !== undefined) body[name] = items
  }
  return body
}

function refuseLarge(part: Buffer, what: string): void {
  if (part.length > PART_LIMIT) throw badInput(`${what} is larger than 1 MB`)
}
