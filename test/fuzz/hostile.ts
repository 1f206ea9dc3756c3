import type { Random } from '../support/random.ts'

/** A JSON value. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value }

export const HOSTILE: readonly Value[] = [
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

/** Returns a hostile value of any kind. */
const hostileValue = (random: Random): Value => pick(random, HOSTILE)

/** Returns a hostile text, for paths, queries and headers. */
export const hostileText = (random: Random): string => {
  const value = hostileValue(random)
  return typeof value === 'string' ? value.slice(0, 2000) : JSON.stringify(value)
}

/** Returns a copy of a value in which one random part is replaced, removed, doubled or enlarged. */
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

/** Returns a body as bytes, sometimes damaged. */
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

/** Headers that have a meaning for Bursar, for proxies or for HTTP. */
const HEADERS = [
  'idempotency-key',
  'authorization',
  'x-account-id',
  'x-environment-id',
  'x-customer-key',
  'traceparent',
  'x-forwarded-for',
  'content-encoding',
  'if-none-match',
  'range',
  'x-http-method-override',
]

/** Returns a header with a hostile value that headers allow. */
export const hostileHeader = (random: Random): Record<string, string> => ({
  [pick(random, HEADERS)]: hostileText(random).replaceAll(/[^\x20-\x7e]/g, ''),
})

/** Hostile segments of paths: unencoded ones, and ones that mean something else when decoded. */
const SEGMENTS = [
  '',
  '.',
  '..',
  '%2e%2e',
  '%2f',
  '%5c..',
  '%00',
  '%',
  '%zz',
  '%ff',
  '%ed%a0%80',
  ';v=1',
  '*',
  '{id}',
  ':id',
  '@evil.example',
  'a'.repeat(5000),
  '%61'.repeat(800),
]

/** Returns a path with a hostile segment in it, before it or after it. */
export function hostilePath(random: Random, path: string): string {
  const parts = path.split('/')
  return parts
    .toSpliced(1 + random.below(parts.length), random.below(2), pick(random, SEGMENTS))
    .join('/')
}

/** Returns bytes of which some are replaced, removed or doubled. */
export function damaged(random: Random, bytes: Buffer): Buffer {
  const all = [...bytes]
  for (let times = 1 + random.below(8); times > 0; times -= 1) {
    const at = random.below(all.length)
    const [byte = 0] = all.splice(at, random.below(2))
    all.splice(at, 0, ...pick(random, [[random.below(256)], [byte, byte], [13, 10], []]))
  }
  return Buffer.from(all)
}
