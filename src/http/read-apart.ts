import type { FastifyReply } from 'fastify'
import type { Call } from '../operation.ts'

/**
 * Does the work of a heavy read with the connections that those share, for as long as somebody is
 * there to be answered. 429 when the caller has too many of them at once, 503 when all have.
 */
export function readApart<T>(
  reply: FastifyReply,
  call: Call,
  work: (call: Call) => Promise<T>,
): Promise<T> {
  const { app, scope, origin } = call
  const left = new AbortController()
  const caller = `${scope.environmentKey} ${origin.actor.kind} ${origin.actor.id}`
  const leave = () => left.abort()
  if (reply.raw.destroyed) leave()
  reply.raw.once('close', leave)
  return app.db
    .heavy({ caller, signal: left.signal }, (db) => work({ ...call, app: { ...app, db } }))
    .finally(() => reply.raw.off('close', leave))
}
