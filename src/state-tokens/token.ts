import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Uuid } from '../kernel/ids.ts'
import type { Sequences } from '../kernel/sequences.ts'

/** What a server needs to make and to verify tokens. */
export type TokenMaker = {
  databaseId: Uuid
  /** A key object, because importing the bytes each time takes five times as long as signing. */
  signingKey: KeyObject
  /** The present run of the database server, as a number of 32 bits. */
  history: number
}

/** The customer of a token, by the id that callers use. */
export type TokenSubject = { environmentKey: Uuid; customerId: string }

/** The content of a token. */
export type TokenContent = { sequences: Sequences; history: number }

/** The first byte of each token. */
const FORMAT = 1
/** A sequence below 2⁴⁸ has room for a million changes per second for nine years. */
const SEQUENCE_BYTES = 6
const CONTENT_BYTES = 1 + 2 * SEQUENCE_BYTES + 4
/** Half of an HMAC-SHA256: 128 bits cannot be guessed. */
const MAC_BYTES = 16
/** Without padding, and without bits that mean nothing: each token has one text. */
const TEXT = /^[\w-]{44}$/

/**
 * Returns the token of a state. Its MAC also covers the database, the environment and the customer,
 * which the token does not contain. So it is short, and valid only for them.
 */
export function tokenOf(
  maker: TokenMaker,
  subject: TokenSubject,
  { customer, environment }: Sequences,
): string {
  const bytes = Buffer.alloc(CONTENT_BYTES + MAC_BYTES)
  bytes.writeUInt8(FORMAT, 0)
  bytes.writeUIntBE(customer, 1, SEQUENCE_BYTES)
  bytes.writeUIntBE(environment, 1 + SEQUENCE_BYTES, SEQUENCE_BYTES)
  bytes.writeUInt32BE(maker.history, 1 + 2 * SEQUENCE_BYTES)
  macOf(maker, subject, bytes.subarray(0, CONTENT_BYTES)).copy(bytes, CONTENT_BYTES, 0, MAC_BYTES)
  return bytes.toString('base64url')
}

/**
 * Returns the content of a token. Null if the text is no token, if it was changed, or if it is of
 * another database, environment or customer.
 */
export function contentOf(
  maker: TokenMaker,
  subject: TokenSubject,
  text: string,
): TokenContent | null {
  if (!TEXT.test(text)) return null
  const bytes = Buffer.from(text, 'base64url')
  const content = bytes.subarray(0, CONTENT_BYTES)
  const mac = macOf(maker, subject, content).subarray(0, MAC_BYTES)
  if (!timingSafeEqual(mac, bytes.subarray(CONTENT_BYTES))) return null
  if (content.readUInt8(0) !== FORMAT) return null
  return {
    sequences: {
      customer: content.readUIntBE(1, SEQUENCE_BYTES),
      environment: content.readUIntBE(1 + SEQUENCE_BYTES, SEQUENCE_BYTES),
    },
    history: content.readUInt32BE(1 + 2 * SEQUENCE_BYTES),
  }
}

/** Keys have a fixed length, and so has the content: no two subjects give the same message. */
const macOf = (
  { databaseId, signingKey }: TokenMaker,
  { environmentKey, customerId }: TokenSubject,
  content: Buffer,
): Buffer =>
  createHmac('sha256', signingKey)
    .update(`${databaseId} ${environmentKey} ${customerId}`)
    .update(content)
    .digest()
