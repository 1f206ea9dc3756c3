import { parse } from 'secure-json-parse'
import { badInput } from '../kernel/errors.ts'
import { fieldOf, quoted } from './validation-message.ts'

/** Deeper nesting than any operation takes, and shallow enough for every walk over it. */
const DEPTH_LIMIT = 32

/**
 * Reads a JSON body. 400 for bytes that are no UTF-8, malformed JSON, keys that reach for
 * prototypes, NUL or lone surrogates in any text, numbers that are not finite, and deep nesting.
 * An empty body is `undefined`: whether the operation needs one is the contract's to say.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  return bytes.length === 0 ? undefined : parseJsonPart(bytes, { pointer: '', depth: 0 })
}

/** The same for a part of a body, which stands at `pointer` and so many levels down in it. */
export function parseJsonPart(
  bytes: Buffer,
  { pointer, depth }: { pointer: string; depth: number },
): unknown {
  const value = parsed(decodedUtf8(bytes))
  // The pointers of the second walk cost more than the parsing, and hardly any body needs them.
  if (!isHarmless(value, depth)) refuseHostile(value, pointer, depth)
  return value
}

const isHarmlessText = (text: string) => text.isWellFormed() && !text.includes('\0')

function isHarmless(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isHarmlessText(value)
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth > DEPTH_LIMIT) return false
  if (Array.isArray(value)) return value.every((item) => isHarmless(item, depth + 1))
  const map = value as Record<string, unknown>
  return Object.keys(map).every((key) => isHarmlessText(key) && isHarmless(map[key], depth + 1))
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
        ? 'body: the keys __proto__ and constructor.prototype are refused'
        : 'body: not valid JSON',
    )
  }
}

function refuseHostile(value: unknown, pointer: string, depth: number): void {
  if (depth > DEPTH_LIMIT) throw badInput(`body: nested deeper than ${DEPTH_LIMIT} levels`)
  if (typeof value === 'string') refuseText(value, pointer)
  else if (typeof value === 'number' && !Number.isFinite(value))
    throw badInput(`${fieldOf(pointer) || 'body'} is a number out of range`)
  else if (Array.isArray(value))
    value.forEach((item, index) => {
      refuseHostile(item, `${pointer}/${index}`, depth + 1)
    })
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      const inner = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      refuseText(key, inner)
      refuseHostile(item, inner, depth + 1)
    }
}

/** PostgreSQL cannot store NUL, and a lone surrogate is no character. */
function refuseText(text: string, pointer: string): void {
  if (isHarmlessText(text)) return
  const inMetadata = pointer.split('/').slice(0, -1).includes('metadata')
  throw badInput(
    `${quoted(fieldOf(pointer) || 'body')} holds NUL or a lone surrogate`,
    inMetadata ? 'InvalidMetadataError' : 'BadUserInput',
  )
}

/** Whether text from a path or a query can be stored and compared at all. 400 when not. */
export function refuseHostileText(name: string, text: string): void {
  if (!isHarmlessText(text)) throw badInput(`${quoted(name)} holds NUL or a lone surrogate`)
}
