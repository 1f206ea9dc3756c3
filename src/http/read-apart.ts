import type { FastifyReply } from 'fastify'
import type { Call } from '../operation.ts'

/**
 * Executes a heavy read on the connections that are shared by heavy reads. It is cancelled when the
 * caller disconnects. 429 if the caller has too many heavy reads at once, 503 if all callers
 * together have.
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
