import { createHash, randomBytes } from 'node:crypto'
import type { KeyKind } from './types.ts'

/** 32 random bytes cannot be guessed, so a fast hash without salt is safe to store. */
const SECRET_BYTES = 32
const PREFIX_LENGTH = 11

/** Returns a new secret: `client-…` for publishable keys, `server-…` for all others. */
export const newSecret = (kind: KeyKind): string =>
  (kind === 'publishable' ? 'client-' : 'server-') + randomBytes(SECRET_BYTES).toString('base64url')

/** Returns a new secret for signing the customer tokens of an environment. */
export const newSigningSecret = (): string =>
  `signing-${randomBytes(SECRET_BYTES).toString('base64url')}`

/** Returns a new sign-in code, which can stand in the fragment of a URL. */
export const newSignInCode = (): string =>
  `sign-in-${randomBytes(SECRET_BYTES).toString('base64url')}`

export const hashOf = (secret: string): Buffer =>
  createHash('sha256').update(secret, 'latin1').digest()

/** Returns the part of a secret that may be displayed. */
export const prefixOf = (secret: string): string =>
  secret.slice(0, Math.min(PREFIX_LENGTH, secret.length >> 1))
