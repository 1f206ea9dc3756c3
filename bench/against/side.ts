// A process of the bench. It runs the server of one checkout on its own database, which the bench
// of that checkout fills.

import { join } from 'node:path'
import pg from 'pg'
import { answerBench } from '../child.ts'
import { countWith } from '../effects.ts'
import type { OnServer } from '../on-server.ts'
import { type RunningServer, startServer } from '../running-server.ts'
import { newDataDir, removeDataDir } from '../start-up.ts'
import type { OpenAnswer, PrepareAnswer, SecondAnswer, SideMessage } from './messages.ts'

/**
 * The exports that a checkout of any age must have. They are loaded from its folder, so that they
 * match its schema.
 */
type Checkout = {
  onServer: typeof import('../on-server.ts').onServer
  httpOf: typeof import('../world.ts').httpOf
  scenarios: typeof import('../scenarios/index.ts').scenarios
}

type Side = {
  checkout: Checkout
  root: string
  at: OnServer
  client: pg.Client
  second: RunningServer | null
  close(): Promise<void>
}

let side: Side | null = null

answerBench(async (message: SideMessage) => {
  if ('open' in message) {
    side = await open(message.open.root)
    const { server, machine } = side.at
    return { url: server.url, pid: server.pid, machine } satisfies OpenAnswer
  }
  if (side === null) throw new Error('the side is not open')
  if ('second' in message) return startSecond(side)
  if ('prepare' in message) return prepare(side, message.prepare)
  if ('count' in message) return countWith(side.client, message.count)
  if ('execute' in message) return side.at.world.execute(message.execute)
  await side.second?.stop()
  return side.close()
})

/** An earlier checkout's bench may not be able to start one, so this one's does. */
async function startSecond(of: Side): Promise<SecondAnswer> {
  if (of.second === null) {
    const dataDir = newDataDir()
    const settings = { DATABASE_URL: of.at.databaseUrl }
    const server = await startServer(dataDir, 'process', settings, of.root)
    of.second = { ...server, stop: () => server.stop().then(() => removeDataDir(dataDir)) }
  }
  const { url, pid } = of.second
  return { url, pid }
}

async function load(root: string): Promise<Checkout> {
  const [{ onServer }, { httpOf }, { scenarios }] = await Promise.all([
    import(join(root, 'bench/on-server.ts')) as Promise<typeof import('../on-server.ts')>,
    import(join(root, 'bench/world.ts')) as Promise<typeof import('../world.ts')>,
    import(join(root, 'bench/scenarios/index.ts')) as Promise<
      typeof import('../scenarios/index.ts')
    >,
  ])
  return { onServer, httpOf, scenarios }
}

async function open(root: string): Promise<Side> {
  const checkout = await load(root)
  let letGo = () => {}
  const until = new Promise<void>((resolve) => {
    letGo = resolve
  })
  return new Promise<Side>((resolve, reject) => {
    const served = checkout.onServer(
      async () => null,
      async (at) => {
        const client = new pg.Client({ connectionString: at.databaseUrl })
        await client.connect()
        const close = async () => {
          await client.end()
          letGo()
          await served
        }
        resolve({ checkout, root, at, client, second: null, close })
        await until
      },
    )
    served.catch(reject)
  })
}

async function prepare({ checkout, at }: Side, name: string): Promise<PrepareAnswer> {
  const scenario = checkout.scenarios.find((each) => each.name === name)
  if (scenario === undefined) return null
  await scenario.prepare(at.world)
  const lanes = Array.from({ length: scenario.connections }, (_, connection) =>
    scenario.calls(connection).map((call) => {
      const { method, path, body, headers = {} } = checkout.httpOf(at.world.contract, call)
      return { method, path, body, headers }
    }),
  )
  const { warmUpSeconds, written, servers } = scenario
  return {
    lanes,
    ...(warmUpSeconds !== undefined && { warmUpSeconds }),
    ...(written !== undefined && { written }),
    ...(servers !== undefined && { servers }),
  }
}
