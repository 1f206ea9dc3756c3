import type { Readable } from 'node:stream'
import { type FileRow, ROW_LIMIT, RowError, TOO_LONG } from './row-error.ts'

/**
 * Yields the rows of a JSON file: one array of objects, or a sequence of objects, such as one on
 * each line. The file is read in chunks, so it may be larger than the memory. Throws a `RowError`
 * at the first invalid row.
 */
export async function* jsonRows(input: Readable): AsyncGenerator<FileRow> {
  const splitter = createSplitter()
  for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>)
    yield* splitter.take(chunk)
  splitter.end()
}

/** What may come next outside of a row. */
type Place = 'start' | 'row' | 'row or ]' | 'comma or ]' | 'row or end' | 'end'

const FORM = 'the file must hold one array of objects, or one object on each line'
/** More than a valid row needs, and few enough for `JSON.stringify`. */
const DEPTH_LIMIT = 32

/** Splits text into objects without parsing them. */
function createSplitter() {
  let place: Place = 'start'
  let line = 1
  // The current object: its text so far, the line on which it begins, and the state of the scan.
  let text = ''
  let firstLine = 1
  let depth = 0
  let inString = false
  let escaped = false

  /** Handles a character outside of a row. Returns whether a row begins with it. */
  const between = (char: string): boolean => {
    if (char === '{' && place !== 'comma or ]' && place !== 'end') {
      if (place === 'start') place = 'row or end'
      return true
    }
    if (char === '[' && place === 'start') place = 'row or ]'
    else if (char === ',' && place === 'comma or ]') place = 'row'
    else if (char === ']' && (place === 'comma or ]' || place === 'row or ]')) place = 'end'
    else throw new RowError(line, `${JSON.stringify(char)} is out of place: ${FORM}`)
    return false
  }

  /** Handles a character within a row. Returns whether the row ends with it. */
  const inside = (char: string): boolean => {
    if (escaped) escaped = false
    else if (inString && char === '\\') escaped = true
    else if (char === '"') inString = !inString
    else if (!inString && (char === '{' || char === '[')) depth += 1
    else if (!inString && (char === '}' || char === ']')) depth -= 1
    if (depth > DEPTH_LIMIT) throw new RowError(firstLine, 'the row is nested too deeply')
    return depth === 0
  }

  function* take(chunk: string): Generator<FileRow> {
    let start = 0
    for (let index = 0; index < chunk.length; index += 1) {
      const char = chunk.charAt(index)
      if (depth > 0) {
        if (inside(char)) {
          yield { line: firstLine, value: parsed(text + chunk.slice(start, index + 1), firstLine) }
          text = ''
          if (place !== 'row or end') place = 'comma or ]'
        }
      } else if (!BLANK.includes(char) && between(char)) {
        start = index
        firstLine = line
        depth = 1
      }
      if (char === '\n') line += 1
    }
    if (depth > 0) text += chunk.slice(start)
    if (text.length > ROW_LIMIT) throw new RowError(firstLine, TOO_LONG)
  }

  const end = (): void => {
    if (depth > 0) throw new RowError(firstLine, 'the row never ends')
    if (place === 'start') throw new RowError(line, FORM)
    if (place !== 'row or end' && place !== 'end') throw new RowError(line, 'the array never ends')
  }

  return { take, end }
}

/** The whitespace of JSON, and the byte order mark. */
const BLANK = ' \t\r\n\ufeff'

function parsed(text: string, line: number): FileRow['value'] {
  try {
    return JSON.parse(text) as FileRow['value']
  } catch (error) {
    throw new RowError(line, `not valid JSON: ${(error as Error).message}`)
  }
}
