import { createHash, randomBytes } from 'node:crypto'
import type { KeyKind } from './types.ts'

/** 32 random bytes: guessing is hopeless, so a fast hash without salt is enough to store. */
const SECRET_BYTES = 32
const PREFIX_LENGTH = 11

/** A new secret: `client-…` for what may be published, `server-…` for what may not. */
export const newSecret = (kind: KeyKind): string =>
  (kind === 'publishable' ? 'client-' : 'server-') + randomBytes(SECRET_BYTES).toString('base64url')

/** What an environment's customer tokens are signed with. */
export const newSigningSecret = (): string =>
  `signing-${randomBytes(SECRET_BYTES).toString('base64url')}`

export const hashOf = (secret: string): Buffer =>
  createHash('sha256').update(secret, 'latin1').digest()

/** The part of a secret that may be shown. */
export const prefixOf = (secret: string): string =>
  secret.slice(0, Math.min(PREFIX_LENGTH, secret.length >> 1))
