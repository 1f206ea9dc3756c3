/** Who is answerable for a change: a key, a person, whoever ran a command, or the server itself. */
export type Actor = {
  readonly kind: 'API_KEY' | 'USER' | 'CLI' | 'SYSTEM'
  readonly id: string
}

/** Where a change came from. It is written down with every change. */
export type Origin = {
  readonly actor: Actor
  /** The operation of the contract, or the command of the CLI. */
  readonly operation: string
  /** The trace id of the request; null outside of one. */
  readonly traceId: string | null
  /** By which the request is known when it is sent again; null for what has a name or is none. */
  readonly requestDigest: string | null
}

/** What the server does by itself, as at its start. */
export const systemOrigin = (operation: string): Origin => ({
  actor: { kind: 'SYSTEM', id: 'server' },
  operation,
  traceId: null,
  requestDigest: null,
})
