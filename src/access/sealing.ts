import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** The key that secrets are encrypted with, so that the database alone reveals none of them. */
export type SealingKey = {
  /** Identifies the key without revealing it: eight bytes in hex. */
  readonly id: string
  /** 256 bits. */
  readonly key: Buffer
}

/** The format of a sealed text: version, id of the key, nonce, ciphertext with its tag. */
const SEALED = /^sealed:1:([0-9a-f]{16}):([\w-]{16}):([\w-]+)$/
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Derives the key from the text of the variable or of the key file. */
export const sealingKeyOf = (text: string): SealingKey => {
  const derived = (info: string, length: number) =>
    Buffer.from(hkdfSync('sha256', text, '', `bursar ${info}`, length))
  return { id: derived('sealing key id', 8).toString('hex'), key: derived('sealing key', 32) }
}

/**
 * Encrypts with AES-256-GCM. `place` names where the sealed text is stored; it cannot be decrypted
 * for another place.
 */
export function seal(text: string, { id, key }: SealingKey, place: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `sealed:1:${id}:${nonce.toString('base64url')}:${sealed.toString('base64url')}`
}

/** Texts from before there was a sealing key are not sealed. */
export const isSealed = (stored: string): boolean => SEALED.test(stored)

/**
 * Returns the text. Null if it was sealed with another key or for another place, or was changed.
 */
export function unseal(stored: string, { id, key }: SealingKey, place: string): string | null {
  const [, of, nonce = '', sealed = ''] = SEALED.exec(stored) ?? []
  if (of !== id) return null
  const bytes = Buffer.from(sealed, 'base64url')
  try {
    const from = Buffer.from(nonce, 'base64url')
    // A shorter tag would be accepted and could be guessed.
    const whole = { authTagLength: TAG_BYTES }
    const opened = createDecipheriv('aes-256-gcm', key, from, whole)
      .setAAD(Buffer.from(place))
      .setAuthTag(bytes.subarray(-TAG_BYTES))
    const text = Buffer.concat([opened.update(bytes.subarray(0, -TAG_BYTES)), opened.final()])
    return text.toString('utf8')
  } catch {
    return null
  }
}
