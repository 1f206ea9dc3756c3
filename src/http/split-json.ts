import { badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'

/** A range of bytes from `from` (inclusive) to `to` (exclusive). */
export type Span = { readonly from: number; readonly to: number }

/** A JSON object, split into parts that can be parsed separately. */
export type Split = {
  /** The object without the items of its lists. Each list is replaced with its index in `lists`. */
  readonly skeleton: Buffer
  /** The items of each list that is a member of the object. */
  readonly lists: readonly (readonly Span[])[]
}

/**
 * The maximum number of lists and their items together. No list of the API document has more than a
 * tenth of this, and no body has more than a few lists.
 */
const ITEMS_LIMIT = 10_000
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d]
const [SPACE, TAB, LINE_FEED, RETURN] = [0x20, 0x09, 0x0a, 0x0d]

const isSpace = (byte: number): boolean =>
  byte === SPACE || byte === LINE_FEED || byte === RETURN || byte === TAB

/**
 * How many bytes are scanned for something other than whitespace. Bodies with more whitespace are
 * refused elsewhere.
 */
const SPACES_LIMIT = 1_048_576

/** Returns the first byte after whitespace, unless there is too much whitespace. */
const firstIn = (bytes: Buffer, { from, to }: Span): number | undefined =>
  bytes.subarray(from, Math.min(to, from + SPACES_LIMIT)).find((byte) => !isSpace(byte))

const isBlank = (bytes: Buffer, span: Span): boolean =>
  span.to - span.from <= SPACES_LIMIT && firstIn(bytes, span) === undefined

/** Returns whether the bytes can only be an object. */
export const beginsObject = (bytes: Buffer): boolean =>
  firstIn(bytes, { from: 0, to: bytes.length }) === OPEN_OBJECT

/** Returns whether an odd number of backslashes precedes a quote. */
function isEscaped(bytes: Buffer, quote: number): boolean {
  let from = quote
  while (bytes[from - 1] === BACKSLASH) from -= 1
  return (quote - from) % 2 === 1
}

const notJson = () => badInput(inBody(), 'body: not valid JSON')

/**
 * Finds the items of the lists in a JSON object. Each call of `advance` continues and returns
 * whether the end is reached. Only structural characters are looked at; parsing the skeleton and
 * each item finds all invalid JSON.
 */
export function splitJson(bytes: Buffer): { advance(count: number): boolean; result(): Split } {
  const lists: Span[][] = []
  const outside: Buffer[] = []
  let outsideFrom = 0
  let place = 0
  let depth = 0
  let isInText = false
  let itemFrom = -1
  let count = 0

  const countOne = () => {
    count += 1
    if (count > ITEMS_LIMIT)
      throw badInput(
        inBody(),
        `the body has lists of more than ${ITEMS_LIMIT} items, or too many lists`,
      )
  }
  const open = (byte: number) => {
    depth += 1
    if (depth !== 2 || byte !== OPEN_LIST) return
    countOne()
    itemFrom = place + 1
    outside.push(bytes.subarray(outsideFrom, itemFrom))
    lists.push([])
  }
  const endItem = () => {
    const items = lists.at(-1) as Span[]
    const isLast = bytes[place] === CLOSE_LIST
    if (!isLast || items.length > 0 || !isBlank(bytes, { from: itemFrom, to: place })) {
      countOne()
      items.push({ from: itemFrom, to: place })
    }
    itemFrom = place + 1
  }
  const close = (byte: number) => {
    if (depth === 2 && itemFrom !== -1) {
      if (byte !== CLOSE_LIST) throw notJson()
      endItem()
      const index = lists.length - 1
      if ((lists[index] as Span[]).length > 0) outside.push(Buffer.from(String(index)))
      outsideFrom = place
      itemFrom = -1
    }
    depth -= 1
    if (depth < 0) throw notJson()
  }
  const step = (byte: number) => {
    if (byte === QUOTE) isInText = true
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) open(byte)
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) close(byte)
    else if (byte === COMMA && depth === 2 && itemFrom !== -1) endItem()
  }
  return {
    advance: (many) => {
      const end = Math.min(bytes.length, place + many)
      for (; place < end; place += 1) {
        if (isInText) {
          // Most of a large body is text, which native code scans far faster.
          place = bytes.indexOf(QUOTE, place)
          if (place === -1) throw notJson()
          isInText = isEscaped(bytes, place)
        } else step(bytes[place] as number)
      }
      return place >= bytes.length
    },
    result: () => {
      if (depth !== 0 || isInText) throw notJson()
      return { skeleton: Buffer.concat([...outside, bytes.subarray(outsideFrom)]), lists }
    },
  }
}
