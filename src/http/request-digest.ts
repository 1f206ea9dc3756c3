import { hash } from 'node:crypto'
import type { Caller } from '../access/index.ts'
import type { Scope } from '../kernel/scope.ts'

export type Digest = {
  /** The same for the same caller, path and content alone. */
  readonly name: string
  /** Its first eight bytes, as the outbox keeps them: a signed decimal number. */
  readonly short: string
}

/** What a request is known by when it is sent again. */
export function digestOf(
  scope: Scope,
  { actor }: Caller,
  asked: { method: string; path: string; content: unknown },
): Digest {
  const parts = [scope.environmentKey, actor.kind, actor.id, asked.method, asked.path]
  const digest = hash('sha256', JSON.stringify([...parts, asked.content]), 'buffer')
  return { name: digest.toString('base64'), short: String(digest.readBigInt64BE(0)) }
}
