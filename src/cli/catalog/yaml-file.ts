import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { CommandError } from '../command.ts'

/** Where something is in a document: the names and indexes on the way to it. */
type Place = readonly (string | number)[]

export type YamlFile = {
  value: unknown
  /** Returns `name:line:column` of the innermost part of a place that the file has. */
  at(place: Place): string
  /** Sorts places as they are in the file. */
  byPosition(one: Place, other: Place): number
}

/** In bytes. That of a request. */
const SIZE_LIMIT = 8 * 1_048_576

/** Reads a file of YAML or JSON. Throws a `CommandError` that names every error of syntax. */
export async function readYamlFile(name: string, cwd: string): Promise<YamlFile> {
  const text = await textOf(name, cwd)
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  })
  const positionAt = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${name}:${line}:${col}`
  }
  const errors = document.errors.map(({ pos, message }) => `${positionAt(pos[0])}: ${message}`)
  if (errors.length > 0) throw new CommandError(errors.join('\n'))
  const resolved = (node: unknown): unknown =>
    isAlias(node) ? (node as { resolve(of: object): Node | undefined }).resolve(document) : node
  const offsetOf = (place: Place): number => {
    let node: unknown = document.contents
    let offset = startOf(node) ?? 0
    for (const part of place) {
      const inner = stepInto(resolved(node), part)
      if (inner === null) return offset
      offset = startOf(inner.named) ?? offset
      node = inner.value
    }
    return offset
  }
  return {
    value: valueIn(document, name),
    at: (place) => positionAt(offsetOf(place)),
    byPosition: (one, other) => offsetOf(one) - offsetOf(other),
  }
}

async function textOf(name: string, cwd: string): Promise<string> {
  const file = resolve(cwd, name)
  try {
    const { size } = await stat(file)
    if (size > SIZE_LIMIT) throw new CommandError(`${name} is larger than ${SIZE_LIMIT} bytes`)
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (error) {
    if (error instanceof CommandError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (error instanceof TypeError) throw new CommandError(`${name} is not UTF-8`)
    throw new CommandError(`${name} cannot be read: ${code ?? message}`)
  }
}

/** An empty file is an empty document. The library refuses aliases that multiply. */
function valueIn(document: { toJS(): unknown }, name: string): unknown {
  try {
    return document.toJS() ?? {}
  } catch (error) {
    throw new CommandError(`${name}: ${(error as Error).message}`)
  }
}

/** A member is found at its name, and an item at itself. */
function stepInto(node: unknown, part: string | number): { named: unknown; value: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find(
      ({ key }) => String(isScalar(key) ? key.value : key) === String(part),
    )
    return pair === undefined ? null : { named: pair.key, value: pair.value }
  }
  if (!isSeq(node) || typeof part !== 'number') return null
  const item = node.items[part]
  return item === undefined ? null : { named: item, value: item }
}

const startOf = (node: unknown): number | undefined => (node as Node | null)?.range?.[0]
