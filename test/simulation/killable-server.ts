import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Connection } from '../../src/db/index.ts'
import type { Instant } from '../../src/kernel/clock.ts'
import { createChecker, type Request, requestOf } from '../support/contract-client.ts'
import { within } from '../support/deadline.ts'
import type { Tenant, World } from '../support/world.ts'
import type { Death, Order, StartParameters } from './killable-process.ts'

const PROGRAM = fileURLToPath(new URL('killable-process.ts', import.meta.url))

/** Thrown by what a server was doing when it was killed. */
export class ServerKilled extends Error {}

/**
 * A server in a process of its own, on a clock that stands still, without due work of its own. Its
 * process can be killed by `dieAt`. Then it throws `ServerKilled`, until it is started again.
 */
export class KillableServer {
  readonly #connection: Connection
  #now: Instant
  #process: ChildProcess | null = null
  #started: Promise<void> = Promise.resolve()
  #url = ''
  #orders = 0
  readonly #dead = new Set<ChildProcess>()

  constructor(connection: Connection, now: Instant) {
    this.#connection = connection
    this.#now = now
  }

  /** Starts its process, if none is running. */
  start(): Promise<void> {
    if (this.#process !== null && isAlive(this.#process)) return this.#started
    const parameters: StartParameters = { connection: this.#connection, now: this.#now }
    const started = fork(PROGRAM, [JSON.stringify(parameters)])
    this.#process = started
    this.#started = within('a server that listens', once(started, 'message')).then(([url]) => {
      this.#url = url
    })
    return this.#started
  }

  async moveTo(now: Instant): Promise<void> {
    this.#now = now
    await this.#order({ moveTo: now })
  }

  dieAt = (death: Death): Promise<void> => this.#order({ dieAt: death })
  doDueWork = (): Promise<void> => this.#order({ doDueWork: true })

  async end(): Promise<void> {
    const ended = this.#process
    if (ended === null || !isAlive(ended)) return
    ended.kill('SIGKILL')
    await once(ended, 'exit')
  }

  /** How often it was killed. */
  get deaths(): number {
    return this.#dead.size
  }

  /** Returns an environment that `world` has opened, called through this server. */
  call(world: World, { key }: Tenant): Tenant['call'] {
    const check = createChecker(world.bursar.validators)
    return async (operationId, request: Request = {}) => {
      const asked = this.#process
      assert.ok(asked !== null, 'the server was never started')
      const { method, url, headers, payload } = requestOf(operationId, { apiKey: key, ...request })
      const sent = fetch(`${this.#url}${url}`, {
        method: String(method),
        headers: headers as Record<string, string>,
        ...(typeof payload === 'string' ? { body: payload } : {}),
      })
      const response = await sent
        .then(async (found) => ({
          statusCode: found.status,
          headers: Object.fromEntries(found.headers),
          body: await found.text(),
        }))
        .catch((error) => this.#killed(asked, error))
      return check(operationId, response)
    }
  }

  /** Gives an order, and waits until it is followed. */
  async #order(order: Omit<Order, 'number'>): Promise<void> {
    const follower = this.#process
    assert.ok(follower !== null, 'the server was never started')
    this.#orders += 1
    const number = this.#orders
    const isDone =
      isAlive(follower) &&
      (await within(
        `a server that follows ${JSON.stringify(order)}`,
        new Promise<boolean>((resolve) => {
          const answered = (answer: unknown) => answer === number && settle(true)
          const died = () => settle(false)
          const settle = (outcome: boolean) => {
            follower.off('message', answered).off('exit', died)
            resolve(outcome)
          }
          follower.on('message', answered).on('exit', died)
          follower.send({ ...order, number }, () => {})
        }),
      ))
    if (!isDone) await this.#killed(follower, null)
  }

  /** A server that lives does everything that it is told. */
  async #killed(killed: ChildProcess, cause: unknown): Promise<never> {
    if (isAlive(killed)) await within('the end of a server', once(killed, 'exit'))
    assert.equal(killed.signalCode, 'SIGKILL')
    this.#dead.add(killed)
    throw new ServerKilled('the server was killed', { cause })
  }
}

const isAlive = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null
