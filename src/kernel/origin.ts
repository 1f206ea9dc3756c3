/** Who made a change: an API key, a person, a command of the CLI, or the server itself. */
export type Actor = {
  readonly kind: 'API_KEY' | 'USER' | 'CLI' | 'SYSTEM'
  readonly id: string
}

/** Where a change came from. It is stored with every change. */
export type Origin = {
  readonly actor: Actor
  /** The operation of the API, or the command of the CLI. */
  readonly operation: string
  /** The trace id of the request, or null outside of a request. */
  readonly traceId: string | null
  /**
   * The digest by which a retry of the request is recognised. Null with an `Idempotency-Key` and
   * outside of a request.
   */
  readonly requestDigest: string | null
}

/** The origin of what the server does by itself, for example at its start. */
export const systemOrigin = (operation: string): Origin => ({
  actor: { kind: 'SYSTEM', id: 'server' },
  operation,
  traceId: null,
  requestDigest: null,
})
