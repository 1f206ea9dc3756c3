import { parse } from 'secure-json-parse'
import { badInput } from '../kernel/errors.ts'
import { fieldOf, quoted } from './validation-message.ts'

/** More than any operation needs, and little enough for recursive functions. */
const DEPTH_LIMIT = 32

/**
 * Parses a JSON body. 400 for invalid UTF-8, malformed JSON, keys that reach for prototypes, NUL or
 * lone surrogates in any text, numbers that are not finite, and deep nesting. An empty body is
 * `undefined`; the API document says whether the operation requires one.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  return bytes.length === 0 ? undefined : parseJsonPart(bytes, { pointer: '', depth: 0 })
}

/**
 * Parses a part of a body, which is at `pointer` and `depth` levels deep. Throws like
 * `parseJsonBody`.
 */
export function parseJsonPart(
  bytes: Buffer,
  { pointer, depth }: { pointer: string; depth: number },
): unknown {
  const value = parsed(decodedUtf8(bytes))
  // The second walk builds pointers, which cost more than parsing. Hardly any body needs it.
  if (!isStorable(value, depth)) refuseInvalid(value, pointer, depth)
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
    throw badInput('body: not valid UTF-8')
  }
}

function parsed(text: string): unknown {
  try {
    return parse(text, { protoAction: 'error', constructorAction: 'error' })
  } catch (error) {
    const reason = error instanceof Error && /forbidden prototype/.test(error.message)
    throw badInput(
      reason
        ? 'body: the keys __proto__ and constructor.prototype are not allowed'
        : 'body: not valid JSON',
    )
  }
}

function refuseInvalid(value: unknown, pointer: string, depth: number): void {
  if (depth > DEPTH_LIMIT) throw badInput(`body: nested deeper than ${DEPTH_LIMIT} levels`)
  if (typeof value === 'string') refuseText(value, pointer)
  else if (typeof value === 'number' && !Number.isFinite(value))
    throw badInput(`${fieldOf(pointer) || 'body'} is a number out of range`)
  else if (Array.isArray(value))
    value.forEach((item, index) => {
      refuseInvalid(item, `${pointer}/${index}`, depth + 1)
    })
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      const inner = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      refuseText(key, inner)
      refuseInvalid(item, inner, depth + 1)
    }
}

/** PostgreSQL cannot store NUL, and a lone surrogate is not a character. */
function refuseText(text: string, pointer: string): void {
  if (isStorableText(text)) return
  const inMetadata = pointer.split('/').slice(0, -1).includes('metadata')
  throw badInput(
    `${quoted(fieldOf(pointer) || 'body')} contains NUL or a lone surrogate`,
    inMetadata ? 'InvalidMetadataError' : 'BadUserInput',
  )
}

/** 400 if text from a path or a query contains characters that cannot be stored. */
export function refuseInvalidText(name: string, text: string): void {
  if (!isStorableText(text)) throw badInput(`${quoted(name)} contains NUL or a lone surrogate`)
}
