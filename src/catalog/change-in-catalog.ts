import type { Tx } from '../db/index.ts'
import { type EventType, publish } from '../events/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { duplicated } from '../kernel/errors.ts'
import { refuseOutdated } from '../kernel/etag.ts'
import { inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Call } from '../operation.ts'
import { lockCatalog, renewCatalogVersion } from './catalog-store.ts'

/** What differs between the kinds of objects in a catalog when one of them is changed. */
export type CatalogKind<T extends { id: string }> = {
  /** What messages call an object. */
  noun: string
  /** Whether decisions depend on the objects, so that a change renews the catalog version. */
  decides: boolean
  find(tx: Tx, scope: Scope, ids: readonly string[]): Promise<readonly T[]>
  /** Returns the objects with these ids, locked. */
  lock(tx: Tx, scope: Scope, ids: readonly string[]): Promise<readonly T[]>
  save(tx: Tx, scope: Scope, after: T): Promise<unknown>
  toWire(object: T): object
  /** Returns the 404 for an unknown id. */
  notFound(id: string): Error
}

export type CatalogChange<T> = { after: T; event: EventType }

/** A transaction that holds the lock of the catalog, and its instant. */
export type CatalogCall = Call & { now: Instant }

/**
 * Saves the object that `make` returns, and then what `follow` saves. 409 if the id is taken, also
 * by an archived object; before that, what `make` throws. If the id `isTaken`, the request may be a
 * repetition. Then `make` must not refuse what the first request has caused, as a full product.
 */
export async function createInCatalog<T extends { id: string }>(
  call: Call,
  { kind, id, field = 'id', event, follow }: Creation<T>,
  make: (tx: Tx, at: { key: Uuid; now: Instant; isTaken: boolean }) => Promise<T>,
): Promise<T> {
  const { app, scope } = call
  const work = async (tx: Tx) => {
    const [, [taken]] = await Promise.all([lockCatalog(tx, scope), kind.find(tx, scope, [id])])
    const now = app.clock.now()
    const isTaken = taken !== undefined
    const after = await make(tx, { key: app.ids.next(now), now, isTaken })
    if (isTaken) throw duplicated(inBody(field), `${field}: ${kind.noun} ${id} already exists`)
    await saveInCatalog(tx, { ...call, now }, { kind, before: null, after, event })
    await follow?.(tx, { ...call, now }, after)
    return after
  }
  return app.db.transaction(work)
}

type Creation<T extends { id: string }> = {
  kind: CatalogKind<T>
  id: string
  /** The field of the body with the id. */
  field?: string
  event: EventType
  follow?: (tx: Tx, call: CatalogCall, after: T) => Promise<unknown>
}

/**
 * Loads an object under its lock, lets `decide` compute its next state, and saves it if it differs.
 * Throws the 404 of the kind, and what `decide` throws.
 */
export const changeInCatalog = <T extends { id: string }>(
  call: Call,
  of: { kind: CatalogKind<T>; id: string },
  decide: (tx: Tx, before: T, now: Instant) => Promise<CatalogChange<T>>,
): Promise<T> =>
  lockedInCatalog(call, of, async (tx, at, before) => {
    const { after, event } = await decide(tx, before, at.now)
    if (after !== before) await saveInCatalog(tx, at, { kind: of.kind, before, after, event })
    return after
  })

/**
 * Loads an object under its lock for `work`. Throws the 404 of the kind, and what `work` throws.
 */
export async function lockedInCatalog<T extends { id: string }, Result>(
  call: Call,
  { kind, id }: { kind: CatalogKind<T>; id: string },
  work: (tx: Tx, call: CatalogCall, before: T) => Promise<Result>,
): Promise<Result> {
  const { app, scope } = call
  const inTransaction = async (tx: Tx) => {
    const [, [before]] = await Promise.all([lockCatalog(tx, scope), kind.lock(tx, scope, [id])])
    if (before === undefined) throw kind.notFound(id)
    refuseOutdated(call, () => kind.toWire(before))
    return work(tx, { ...call, now: app.clock.now() }, before)
  }
  return app.db.transaction(inTransaction)
}

/** Saves an object under the lock of the catalog, and publishes its event. */
export async function saveInCatalog<T extends { id: string }>(
  tx: Tx,
  call: CatalogCall,
  change: CatalogChange<T> & { kind: CatalogKind<T>; before: T | null },
): Promise<void> {
  const { kind, before, after, event } = change
  const published = {
    type: event,
    customerKey: null,
    objectId: after.id,
    before: before && kind.toWire(before),
    after: kind.toWire(after),
  }
  await Promise.all([
    kind.save(tx, call.scope, after),
    publish(tx, call, [published]),
    kind.decides ? renewCatalogVersion(tx, call.scope) : null,
  ])
}
