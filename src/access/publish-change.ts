import type { App } from '../app.ts'
import type { Tx } from '../db/index.ts'
import { type EventType, publish } from '../events/index.ts'
import type { Scope } from '../kernel/scope.ts'

/** A change of something that belongs to the environment. */
export type EnvironmentChange = {
  type: EventType
  objectId: string
  before: object | null
  after: object | null
}

/** Publishes a change with the origin of `app`. */
export const publishChange = (tx: Tx, app: App, scope: Scope, change: EnvironmentChange) =>
  publish(tx, { app, scope, now: app.clock.now(), origin: app.origin }, [
    { ...change, customerKey: null },
  ])
