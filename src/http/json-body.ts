import { parse } from 'secure-json-parse'
import { badInput } from '../kernel/errors.ts'
import { type Field, inBody } from '../kernel/field.ts'
import { quoted, shortened } from './validation-message.ts'

/** More than any operation needs, and little enough for recursive functions. */
const DEPTH_LIMIT = 32

/**
 * Parses a JSON body. 400 for invalid UTF-8, malformed JSON, keys that reach for prototypes, NUL or
 * lone surrogates in any text, numbers that are not finite, and deep nesting. An empty body is
 * `undefined`; the API document says whether the operation requires one.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  return bytes.length === 0 ? undefined : parseJsonPart(bytes, { field: inBody(), depth: 0 })
}

/**
 * Parses a part of a body, which is `field` and `depth` levels deep. Throws like `parseJsonBody`.
 */
export function parseJsonPart(
  bytes: Buffer,
  { field, depth }: { field: Field; depth: number },
): unknown {
  const value = parsed(decodedUtf8(bytes))
  // The second walk builds fields, which cost more than parsing. Hardly any body needs it.
  if (!isStorable(value, depth))
    refuseInvalid(value, { field, depth, name: null, isMetadata: false })
  return value
}

const isStorableText = (text: string) => text.isWellFormed() && !text.includes('\0')

function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isStorableText(value)
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth > DEPTH_LIMIT) return false
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth + 1))
  const map = value as Record<string, unknown>
  return Object.keys(map).every((key) => isStorableText(key) && isStorable(map[key], depth + 1))
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodedUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw badInput(inBody(), 'body: not valid UTF-8')
  }
}

function parsed(text: string): unknown {
  try {
    return parse(text, { protoAction: 'error', constructorAction: 'error' })
  } catch (error) {
    const reason = error instanceof Error && /forbidden prototype/.test(error.message)
    throw badInput(
      inBody(),
      reason
        ? 'body: the keys __proto__ and constructor.prototype are not allowed'
        : 'body: not valid JSON',
    )
  }
}

/** A place in a body. `isMetadata`: within the metadata of an object. */
type Spot = { field: Field; depth: number; name: string | number | null; isMetadata: boolean }

function refuseInvalid(value: unknown, spot: Spot): void {
  const { field, depth, isMetadata } = spot
  const within = (name: string | number): Spot => ({
    field: field.at(name),
    depth: depth + 1,
    name,
    isMetadata: isMetadata || spot.name === 'metadata',
  })
  if (depth > DEPTH_LIMIT)
    throw badInput(inBody(), `body: nested deeper than ${DEPTH_LIMIT} levels`)
  if (typeof value === 'string') refuseText(value, spot)
  else if (typeof value === 'number' && !Number.isFinite(value))
    throw badInput(field, `${nameOf(field)} is a number out of range`)
  else if (Array.isArray(value))
    value.forEach((item, index) => {
      refuseInvalid(item, within(index))
    })
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      const inner = within(key)
      refuseText(key, inner)
      refuseInvalid(item, inner)
    }
}

const nameOf = (field: Field): string => shortened(String(field)) || 'body'

/** PostgreSQL cannot store NUL, and a lone surrogate is not a character. */
function refuseText(text: string, { field, isMetadata }: Spot): void {
  if (isStorableText(text)) return
  throw badInput(
    field,
    `${quoted(nameOf(field))} contains NUL or a lone surrogate`,
    isMetadata ? 'InvalidMetadataError' : 'BadUserInput',
  )
}

/** 400 if text from a path or a query contains characters that cannot be stored. */
export function refuseInvalidText(text: string, fieldOf: () => Field): void {
  if (isStorableText(text)) return
  const field = fieldOf()
  throw badInput(field, `${quoted(nameOf(field))} contains NUL or a lone surrogate`)
}
