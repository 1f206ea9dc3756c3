import assert from 'node:assert/strict'
import type { OperationId, Operations } from '../../src/api.gen.ts'
import { type Connection, column, row, sql } from '../../src/db/index.ts'
import { publishEntitlements } from '../../src/handlers.ts'
import { runDueWork } from '../../src/jobs/due-work.ts'
import { required } from '../../src/kernel/assert.ts'
import type { Instant } from '../../src/kernel/clock.ts'
import type { Uuid } from '../../src/kernel/ids.ts'
import { subscriptionWork } from '../../src/subscriptions/index.ts'
import type { Answer, Request } from '../support/contract-client.ts'
import { newMigratedDatabase } from '../support/databases.ts'
import { type Random, randomFrom } from '../support/random.ts'
import { guardVersions } from '../support/version-guard.ts'
import { openWorld, type Tenant, type World } from '../support/world.ts'
import { KillableServer, ServerKilled } from './killable-server.ts'

const handlers = subscriptionWork(publishEntitlements)

/**
 * One in so many requests and rounds of due work of a server kills it. To start it again takes
 * longer than a hundred of them. The first kill comes early, so that a short run has one, too.
 */
const RISK = 100
const FIRST_RISK = 25
/** A server dies at most so many statements later. */
const STATEMENTS = 24

/**
 * Servers on one database of their own, with one clock that stands still. A punctual fleet is one
 * server that does its due work when it is due. The other fleet is a server that lives and one that
 * is killed again and again; their due work is done at times, by one of them, by both, or twice.
 */
export class Fleet {
  readonly isPunctual: boolean
  /** The places of its servers, for `read`. */
  readonly servers: readonly number[]
  readonly #world: World
  readonly #killable: KillableServer | null
  readonly #close: () => Promise<void>
  #random: Random = randomFrom(0, 0)
  #takesRisks = false
  #chances = 0
  #tenant: Tenant | null = null
  #calls: Tenant['call'][] = []
  readonly #customers = new Map<string, Uuid>()

  private constructor(
    isPunctual: boolean,
    parts: { world: World; killable: KillableServer | null; close: () => Promise<void> },
  ) {
    this.isPunctual = isPunctual
    this.servers = isPunctual ? [0] : [0, 1]
    this.#world = parts.world
    this.#killable = parts.killable
    this.#close = parts.close
  }

  static async open({ isPunctual }: { isPunctual: boolean }): Promise<Fleet> {
    const endings: (() => Promise<unknown>)[] = []
    const connection: Connection = await newMigratedDatabase({
      after: (end) => void endings.push(end),
    })
    await guardVersions(connection)
    const world = await openWorld({}, { apart: connection })
    await world.bursar.jobs.stop()
    const killable = isPunctual ? null : new KillableServer(connection, world.clock.now())
    await killable?.start()
    const close = async () => {
      await killable?.end()
      for (const end of endings) await end()
    }
    return new Fleet(isPunctual, { world, killable, close })
  }

  close = (): Promise<void> => this.#close()

  get deaths(): number {
    return this.#killable?.deaths ?? 0
  }

  /** Opens a new environment, which the requests are about from now on. Nobody is killed. */
  async open(): Promise<Tenant> {
    const tenant = await this.#world.tenant()
    const killable = this.#killable
    this.#tenant = tenant
    this.#calls = [tenant.call, ...(killable ? [killable.call(this.#world, tenant)] : [])]
    this.#customers.clear()
    this.#takesRisks = false
    return tenant
  }

  /** From now on, servers are killed. */
  takeRisks(random: Random): void {
    this.#random = random
    this.#takesRisks = true
    this.#chances = 0
  }

  async moveTo(at: Instant): Promise<void> {
    this.#world.clock.moveTo(at)
    await this.#orKilled(async () => this.#killable?.moveTo(at))
  }

  /** Moves time on, to an instant that is not before now. */
  async goTo(to: Instant): Promise<void> {
    if (this.isPunctual) return this.#goPunctuallyTo(to)
    await this.moveTo(to)
    const doers = [[], [], [], [0], [0, 1], [1, 1]]
    const chosen = required(doers[this.#random.below(doers.length)], 'servers')
    await Promise.all(chosen.map((which) => this.#doDueWork(which)))
  }

  async #goPunctuallyTo(to: Instant): Promise<void> {
    const { clock } = this.#world
    for (let next = await this.#nextDue(); next !== null && next <= to; ) {
      clock.moveTo(Math.max(next, clock.now()))
      await this.#doDueWork(0)
      next = await this.#nextDue()
    }
    clock.moveTo(to)
  }

  async #nextDue(): Promise<Instant | null> {
    const kinds = Object.keys(handlers)
    const asked = sql`select min(due_at) as due from due_work where kind = any(${kinds}::text[])`
    return (await this.#world.bursar.app.db.read.one(dueRow, asked)).due
  }

  /** Does all that is due, on any server. */
  doDueWork = (): Promise<void> => this.#doDueWork(this.anyServer())

  /** Returns the place of one of its servers. */
  anyServer = (): number => this.#random.below(this.servers.length)

  /** What a server that is killed has not done, the other one does. */
  async #doDueWork(which: number): Promise<void> {
    const killable = this.#killable
    if (which === 1 && killable !== null) {
      const isDone = await this.#orKilled(async () => {
        await this.#takeRisk()
        await killable.doDueWork()
        return true
      })
      if (isDone !== null) return
    }
    await runDueWork(this.#world.bursar.app, handlers)
  }

  /** Sends a write to any server. If that is killed, it is sent again, as clients do. */
  async write<Id extends OperationId>(id: Id, request: Request): Promise<Answer<Id>> {
    const which = this.anyServer()
    if (which === 1) await this.#orKilled(() => this.#takeRisk())
    // Both ways of sending again give the response of the first try.
    const hasKey = this.#random.below(2) === 0
    const key = `${id}-${this.#random.below(2 ** 30)}`
    const headers: Record<string, string> = hasKey ? { 'idempotency-key': key } : {}
    const answer = await this.#orKilled(() => this.#call(which)(id, { ...request, headers }))
    if (answer !== null) return answer
    const again = { ...headers, 'x-stainless-retry-count': '1' }
    return this.#call(this.anyServer())(id, { ...request, headers: again })
  }

  /** Reads from one server, or from any. A read of a server that is killed is sent again. */
  async read<Id extends OperationId>(
    id: Id,
    request: Request,
    which = this.anyServer(),
  ): Promise<Operations[Id]['response']> {
    const ask = () => this.#call(which)(id, request)
    const { success, status, text } = (await this.#orKilled(ask)) ?? (await ask())
    assert.ok(success !== null, `${id}: ${status} ${text}`)
    return success
  }

  /** The events of a customer's subscriptions from the number `from` on, in order. */
  async announced(customerId: string, from: number): Promise<string[]> {
    const { app } = this.#world.bursar
    const { environmentKey } = required(this.#tenant, 'an environment').scope
    const known = this.#customers.get(customerId)
    const customerKey =
      known ??
      (
        await app.db.read.one(
          customerRow,
          sql`
          select customer_key from customers
          where environment_key = ${environmentKey}::uuid and id = ${customerId}::text`,
        )
      ).customerKey
    this.#customers.set(customerId, customerKey)
    // Keys that two servers make at one instant have no order, but their transactions do. Notices
    // are left out, because there is none if it would come too late.
    const found = await app.db.read.many(
      eventRow,
      sql`
      select type || ' ' || (after ->> 'planId') || ' ' || (after ->> 'status') as what from outbox
      where customer_key = ${customerKey}::uuid
        and type like 'subscription.%' and type not like '%.ends_soon'
      order by transaction_id, event_key offset ${from}::integer`,
    )
    return found.map(({ what }) => what)
  }

  #call = (which: number): Tenant['call'] => required(this.#calls[which], 'a server')

  /** Sometimes lets the server die at one of the next statements. */
  async #takeRisk(): Promise<void> {
    if (!this.#takesRisks) return
    this.#chances += 1
    if (this.#chances % RISK !== FIRST_RISK) return
    const statements = 1 + this.#random.below(STATEMENTS)
    await this.#killable?.dieAt({ statements, isSent: this.#random.below(2) === 0 })
  }

  /** Returns null if the server was killed meanwhile. It has been started again by then. */
  async #orKilled<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof ServerKilled)) throw error
      await this.#killable?.start()
      return null
    }
  }
}

const dueRow = row({ due: column.nullable(column.instant) })
const customerRow = row({ customerKey: column.uuid })
const eventRow = row({ what: column.text })
