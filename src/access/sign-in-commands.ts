import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { badInput, unauthenticated } from '../kernel/errors.ts'
import type { Actor } from '../kernel/origin.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Call } from '../operation.ts'
import { authorityFor, authorityOf } from './authority.ts'
import { addKey } from './key-commands.ts'
import { refuseBeyond } from './key-rules.ts'
import { covers } from './permit.ts'
import { publishChange } from './publish-change.ts'
import { hashOf, newSignInCode } from './secret.ts'
import * as store from './sign-in-store.ts'
import { lockEnvironment } from './store.ts'
import type { KeyWithSecret, SessionKind, SignInCode } from './types.ts'
import { signInCodeToWire } from './wire.ts'

/** A new code with its text, which is known only now. */
export type CodeWithText = SignInCode & { text: string }

/** How long a code may be exchanged, in milliseconds. */
const CODE_MS = 5 * 60_000
/** How long a session works, in milliseconds. */
const SESSION_MS = 12 * 3_600_000
/** How long an expired code is kept, in milliseconds: a retry of its exchange may come late. */
const KEPT_MS = 3_600_000
/** The most codes of an environment that may be exchanged at the same time. */
const LIVE_CODES = 100
/** The name of a session whose browser gave none. */
const UNNAMED = 'sign-in'

/** Makes a code for an operator of this machine. Only the returned value contains its text. */
export const makeSignInCode = (app: App, scope: Scope, kind: SessionKind): Promise<CodeWithText> =>
  app.db.transaction((tx) => addCode(tx, app, { scope, kind, maker: app.origin.actor }))

/**
 * Makes a code for a caller; without `kind`, for a session that may do what the caller may do. 403
 * if the session could do more; 400 if 100 codes of the environment wait to be exchanged.
 */
export const makeSignInCodeAs = (
  call: Call,
  { kind }: { kind?: SessionKind | undefined },
): Promise<CodeWithText> =>
  call.app.db.transaction(async (tx) => {
    const { app, scope, origin } = call
    await lockEnvironment(tx, scope)
    const authority = await authorityFor(tx, call, 'apiKeys:write')
    // Who may make codes and is not limited to API keys may do everything.
    const own = kind ?? (authority.role === 'api-keys-write' ? authority.role : 'full-access')
    refuseBeyond(authority, { kind: own, expiresAt: authority.makesUntil })
    const now = app.clock.now()
    if ((await store.countLiveCodes(tx, scope, { now, atMost: LIVE_CODES })) === LIVE_CODES)
      throw badInput(
        null,
        `${LIVE_CODES} sign-in codes wait to be exchanged; try again in 5 minutes`,
      )
    return addCode(tx, { ...app, origin }, { scope, kind: own, maker: origin.actor })
  })

async function addCode(
  tx: Tx,
  app: App,
  { scope, kind, maker }: { scope: Scope; kind: SessionKind; maker: Actor },
): Promise<CodeWithText> {
  const now = app.clock.now()
  const { environmentKey } = scope
  const code: SignInCode = {
    ...{ codeKey: app.ids.next(now), environmentKey, kind, maker },
    ...{ createdAt: now, expiresAt: now + CODE_MS, usedAt: null },
  }
  const text = newSignInCode()
  await store.deleteCodesBefore(tx, scope, now - KEPT_MS)
  await store.insertCode(tx, code, hashOf(text))
  await publishChange(tx, app, scope, {
    ...{ type: 'sign_in_code.created', objectId: code.codeKey },
    ...{ before: null, after: signInCodeToWire(code) },
  })
  return { ...code, text }
}

/**
 * Creates a session for a code, named after the browser. It lives for 12 hours, but not
 * beyond the latest expiry that keys of the code's maker may have. 401 if the code was exchanged,
 * has expired, or if its maker may no longer do what the session could do.
 */
export const exchangeSignInCode = (
  call: Call,
  { text, name }: { text: string; name: string | undefined },
): Promise<KeyWithSecret> =>
  call.app.db.transaction(async (tx) => {
    const { app, scope, origin } = call
    const now = app.clock.now()
    const code = await store.lockCode(tx, hashOf(text))
    if (code === null || code.usedAt !== null || now >= code.expiresAt) throw refusedCode()
    const { role, makesUntil } = await authorityOf(tx, {
      app,
      scope,
      origin: { actor: code.maker },
    })
    if (!covers(role, code.kind)) throw refusedCode()
    await store.useCode(tx, code, now)
    return addKey(
      tx,
      { ...app, origin },
      {
        ...{ scope, kind: code.kind, name: name ?? UNNAMED, isSession: true, makesUntil },
        expiresAt: Math.min(now + SESSION_MS, makesUntil ?? Number.POSITIVE_INFINITY),
      },
    )
  })

/** Says nothing of whether there ever was such a code. */
export const refusedCode = () =>
  unauthenticated('the sign-in code is unknown, was used, or has expired')
