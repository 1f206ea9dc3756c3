import type { Readable } from 'node:stream'
import { type FileRow, ROW_LIMIT, RowError, TOO_LONG } from './row-error.ts'

/**
 * Rows of a JSON file: one array of objects, or objects one after the other, as on a line each. It
 * is read piece by piece, so that the file may be larger than the memory.
 */
export async function* jsonRows(input: Readable): AsyncGenerator<FileRow> {
  const splitter = createSplitter()
  for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>)
    yield* splitter.take(chunk)
  splitter.end()
}

/** What may come next between two rows. */
type Place = 'start' | 'row' | 'row or ]' | 'comma or ]' | 'row or end' | 'end'

const FORM = 'the file must hold one array of objects, or one object on each line'
/** Deeper than any row, and shallow enough to be written as text again. */
const DEPTH_LIMIT = 32

/** Cuts text into objects without looking into them. */
function createSplitter() {
  let place: Place = 'start'
  let line = 1
  // The object that is open: its text so far, the line it begins on, and where the scan is in it.
  let text = ''
  let firstLine = 1
  let depth = 0
  let inString = false
  let escaped = false

  /** Between two rows. Answers whether a row begins here. */
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

  /** Inside a row. Answers whether it ends here. */
  const inside = (char: string): boolean => {
    if (escaped) escaped = false
    else if (inString && char === '\\') escaped = true
    else if (char === '"') inString = !inString
    else if (!inString && (char === '{' || char === '[')) depth += 1
    else if (!inString && (char === '}' || char === ']')) depth -= 1
    if (depth > DEPTH_LIMIT) throw new RowError(firstLine, 'nested deeper than any row may be')
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
    if (depth > 0) throw new RowError(firstLine, 'a row that never ends')
    if (place === 'start') throw new RowError(line, FORM)
    if (place !== 'row or end' && place !== 'end') throw new RowError(line, 'the array never ends')
  }

  return { take, end }
}

/** What JSON allows between values, and the byte order mark. */
const BLANK = ' \t\r\n\ufeff'

function parsed(text: string, line: number): FileRow['value'] {
  try {
    return JSON.parse(text) as FileRow['value']
  } catch (error) {
    throw new RowError(line, `no valid JSON: ${(error as Error).message}`)
  }
}
