import { createPause, type Pause } from '../kernel/in-slices.ts'

/** Lists at deeper levels of a response are short. */
const DEPTH = 4

/**
 * Returns the text of `JSON.stringify`, computed in time slices, item by item. At once, a page of 4
 * MB would take longer than most requests.
 */
export async function jsonInSlices(value: unknown): Promise<string> {
  const parts: string[] = []
  await write(value, parts, { pause: createPause(), depth: 0 })
  return parts.join('')
}

async function write(
  value: unknown,
  parts: string[],
  { pause, depth }: { pause: Pause; depth: number },
): Promise<void> {
  const deeper = { pause, depth: depth + 1 }
  if (depth >= DEPTH || typeof value !== 'object' || value === null || !hasList(value)) {
    parts.push(JSON.stringify(value) ?? 'null')
    return pause()
  }
  const isList = Array.isArray(value)
  const entries = isList ? value.map((item) => ['', item] as const) : definedIn(value)
  let before = isList ? '[' : '{'
  for (const [name, item] of entries) {
    parts.push(isList ? before : `${before}${JSON.stringify(name)}:`)
    before = ','
    await write(item, parts, deeper)
  }
  parts.push(entries.length === 0 ? (isList ? '[]' : '{}') : isList ? ']' : '}')
}

const definedIn = (value: object) => Object.entries(value).filter(([, item]) => item !== undefined)

/** Returns whether a value is a list, or contains one directly or in a member. */
const hasList = (value: object): boolean =>
  Array.isArray(value) ||
  Object.values(value).some(
    (item) =>
      Array.isArray(item) ||
      (typeof item === 'object' && item !== null && Object.values(item).some(Array.isArray)),
  )
