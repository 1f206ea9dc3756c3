import { setImmediate as soon } from 'node:timers'
import pg from 'pg'
import pino from 'pino'
import { readConfig } from '../../src/config.ts'
import type { Connection } from '../../src/db/index.ts'
import { publishEntitlements } from '../../src/handlers.ts'
import { runDueWork } from '../../src/jobs/due-work.ts'
import { assert, required } from '../../src/kernel/assert.ts'
import { frozenClock, type Instant } from '../../src/kernel/clock.ts'
import { systemOrigin } from '../../src/kernel/origin.ts'
import { createApp, createBursar } from '../../src/main.ts'
import { subscriptionWork } from '../../src/subscriptions/index.ts'
import { SECRET_KEY } from '../support/connection.ts'

/** What a server in a process of its own is started with. */
export type StartParameters = { connection: Connection; now: Instant }

/** When it kills itself: at the `statements`-th statement, before or after that is sent. */
export type Death = { statements: number; isSent: boolean }

/** What it is told to do. It answers with the number once it is done. */
export type Order = { number: number } & (
  | { moveTo: Instant }
  | { dieAt: Death }
  | { doDueWork: true }
)

const send = required(process.send?.bind(process), 'a process that listens')
const { connection, now } = JSON.parse(
  required(process.argv[2], 'start parameters'),
) as StartParameters
let death: Death | null = null

const die = () => process.kill(process.pid, 'SIGKILL')
const query = pg.Client.prototype.query as (...args: unknown[]) => unknown
Object.assign(pg.Client.prototype, {
  query(this: pg.Client, ...args: unknown[]) {
    if (death === null) return query.apply(this, args)
    death = { ...death, statements: death.statements - 1 }
    if (death.statements === 0 && !death.isSent) die()
    if (death.statements === 0) soon(die)
    return query.apply(this, args)
  },
})

const log = pino({ level: 'silent' })
const clock = frozenClock(now)
const fixed = { BURSAR_LOG_LEVEL: 'silent', BURSAR_SECRET_KEY: SECRET_KEY }
const config = readConfig(fixed, process.cwd())
const app = await createApp({ config, connection, clock, log, origin: systemOrigin('test') })
const bursar = await createBursar({ app, connection, log, clock })
await bursar.jobs.stop()
const url = await bursar.server.listen({ host: '127.0.0.1', port: 0 })

async function follow(order: Order): Promise<void> {
  if ('moveTo' in order) return clock.moveTo(order.moveTo)
  if ('dieAt' in order) {
    death = order.dieAt
    return
  }
  assert(order.doDueWork, 'an order')
  await runDueWork(app, subscriptionWork(publishEntitlements))
}
process.on('message', async (order: Order) => {
  await follow(order)
  send(order.number)
})
process.on('disconnect', die)
send(url)
