import type { Tx } from '../db/index.ts'
import { unauthenticated } from '../kernel/errors.ts'
import type { Origin } from '../kernel/origin.ts'
import type { Call } from '../operation.ts'
import { findRoles } from './caller-store.ts'
import { type Authority, isLive, makesUntilOf } from './key-rules.ts'
import { findKey } from './key-store.ts'
import { notPermitted, permits, roleOf } from './permit.ts'
import type { Permission } from './types.ts'

/** A caller, or the maker of a sign-in code that is exchanged now. */
export type Maker = Pick<Call, 'app' | 'scope'> & { origin: Pick<Origin, 'actor'> }

/**
 * Returns what a caller may pass on at present. Call it under the lock of the change: the caller's
 * rights may have changed since the request arrived. 403 if the caller has lost the permission; 401
 * for a key that has ended.
 */
export async function authorityFor(
  tx: Tx,
  call: Maker,
  permission: Permission,
): Promise<Authority> {
  const authority = await authorityOf(tx, call)
  if (!permits(authority.role, permission)) throw notPermitted(call.origin.actor, authority.role)
  return authority
}

/**
 * Returns what a maker may pass on at present. 401 for a key that has ended since it was
 * authenticated.
 */
export async function authorityOf(
  tx: Tx,
  { app, scope, origin: { actor } }: Maker,
): Promise<Authority> {
  if (actor.kind === 'USER') {
    const roles = await findRoles(tx, scope, actor.id)
    return { role: roleOf(roles), isOwner: roles?.role === 'OWNER', makesUntil: null }
  }
  // Whoever runs commands on the server's machine may do everything.
  if (actor.kind !== 'API_KEY') return { role: 'full-access', isOwner: true, makesUntil: null }
  const key = await findKey(tx, actor.id)
  if (key === null || !isLive(key, app.clock.now()))
    throw unauthenticated('the API key is unknown, expired or revoked')
  return { role: key.kind, isOwner: false, makesUntil: makesUntilOf(key) }
}
