import type { Random } from '../support/random.ts'

/** A value of JSON, or what only looks like one. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value }

const HOSTILE: readonly Value[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  ' ',
  '\n',
  'null',
  '../../etc/passwd',
  "'; drop table customers; --",
  '%00',
  '%ff',
  '😀'.repeat(300),
  'a'.repeat(256),
  'a'.repeat(70_000),
  '1970-01-01T00:00:00Z',
  '0000-00-00',
  '00000000-0000-7000-8000-000000000000',
  [],
  [[]],
  [null],
  {},
  { a: { b: { c: {} } } },
  { constructor: 'x', toString: 'y', hasOwnProperty: 'z' },
]

const pick = <T>(random: Random, items: readonly T[]): T => items[random.below(items.length)] as T

/** A hostile value of any kind. */
export const hostileValue = (random: Random): Value => pick(random, HOSTILE)

/** A hostile text, for paths, queries and headers. */
export const hostileText = (random: Random): string => {
  const value = hostileValue(random)
  return typeof value === 'string' ? value.slice(0, 2000) : JSON.stringify(value)
}

/** A copy of the value with one random place of it changed: replaced, removed, doubled or grown. */
export function mutated(random: Random, value: Value): Value {
  const isLeaf = typeof value !== 'object' || value === null || Object.keys(value).length === 0
  if (isLeaf || random.below(100) < 20) return hostileValue(random)
  if (Array.isArray(value)) {
    const index = random.below(value.length)
    if (random.below(100) < 20) return [...value, ...value]
    if (random.below(100) < 10) return value.toSpliced(index, 1)
    return value.with(index, mutated(random, value[index] ?? null))
  }
  const key = pick(random, Object.keys(value))
  const { [key]: chosen, ...others } = value
  if (random.below(100) < 15) return others
  if (random.below(100) < 15) return { ...value, [hostileText(random)]: hostileValue(random) }
  return { ...value, [key]: mutated(random, chosen ?? null) }
}

/** The body as bytes, sometimes damaged. */
export function asBytes(random: Random, value: Value): Buffer {
  const bytes = Buffer.from(JSON.stringify(value))
  const at = random.below(bytes.length)
  if (random.below(100) < 5) return bytes.subarray(0, at)
  if (random.below(100) < 5) {
    const damaged = Buffer.from(bytes)
    damaged[at] = random.below(256)
    return damaged
  }
  if (random.below(100) < 2) return Buffer.from('['.repeat(20_000))
  return bytes
}
