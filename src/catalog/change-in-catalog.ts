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

/** What differs between changing a feature and changing a currency. */
export type CatalogKind<T extends { id: string }> = {
  /** What messages call an object. */
  noun: string
  find(tx: Tx, scope: Scope, ids: readonly string[]): Promise<readonly T[]>
  /** Returns the objects with these ids, locked. */
  lock(tx: Tx, scope: Scope, ids: readonly string[]): Promise<readonly T[]>
  save(tx: Tx, scope: Scope, after: T): Promise<unknown>
  toWire(object: T): object
  /** Returns the 404 for an unknown id. */
  notFound(id: string): Error
}

export type CatalogChange<T> = { after: T; event: EventType }

/**
 * Saves the object that `make` returns. 409 if the id is taken, also by an archived object; before
 * that, what `make` throws.
 */
export async function createInCatalog<T extends { id: string }>(
  call: Call,
  { kind, id, event }: { kind: CatalogKind<T>; id: string; event: EventType },
  make: (tx: Tx, at: { key: Uuid; now: Instant }) => Promise<T>,
): Promise<T> {
  const { app, scope } = call
  const work = async (tx: Tx) => {
    const [, [taken]] = await Promise.all([lockCatalog(tx, scope), kind.find(tx, scope, [id])])
    const now = app.clock.now()
    const after = await make(tx, { key: app.ids.next(now), now })
    if (taken !== undefined) throw duplicated(inBody('id'), `id: ${kind.noun} ${id} already exists`)
    await saveInCatalog(tx, { ...call, now }, { kind, before: null, after, event })
    return after
  }
  return app.db.transaction(work)
}

/**
 * Loads an object under its lock, lets `decide` compute its next state, and saves it if it differs.
 * Throws the 404 of the kind, and what `decide` throws.
 */
export async function changeInCatalog<T extends { id: string }>(
  call: Call,
  { kind, id }: { kind: CatalogKind<T>; id: string },
  decide: (tx: Tx, before: T, now: Instant) => Promise<CatalogChange<T>>,
): Promise<T> {
  const { app, scope } = call
  const work = async (tx: Tx) => {
    const [, [before]] = await Promise.all([lockCatalog(tx, scope), kind.lock(tx, scope, [id])])
    if (before === undefined) throw kind.notFound(id)
    refuseOutdated(call, () => kind.toWire(before))
    const now = app.clock.now()
    const { after, event } = await decide(tx, before, now)
    if (after !== before) await saveInCatalog(tx, { ...call, now }, { kind, before, after, event })
    return after
  }
  return app.db.transaction(work)
}

/** Saves an object, publishes its event, and renews the version of the catalog. */
async function saveInCatalog<T extends { id: string }>(
  tx: Tx,
  call: Call & { now: Instant },
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
    renewCatalogVersion(tx, call.scope),
  ])
}
