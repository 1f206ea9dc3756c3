import { hash } from 'node:crypto'
import type { Caller } from '../access/index.ts'
import type { Scope } from '../kernel/scope.ts'

export type Digest = {
  /** Equal only for the same caller, path and content. */
  readonly name: string
  /** The first eight bytes as a signed decimal number, as the outbox stores them. */
  readonly short: string
}

/** Returns the digest by which retries of a request are recognised. */
export function digestOf(
  scope: Scope,
  { actor }: Caller,
  asked: { method: string; path: string; content: unknown },
): Digest {
  const parts = [scope.environmentKey, actor.kind, actor.id, asked.method, asked.path]
  const digest = hash('sha256', JSON.stringify([...parts, asked.content]), 'buffer')
  return { name: digest.toString('base64'), short: String(digest.readBigInt64BE(0)) }
}
