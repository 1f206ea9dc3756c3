import { availableParallelism, cpus, totalmem } from 'node:os'
import { databaseUrl, findRunning } from '../src/embedded-postgres/index.ts'
import { type RunningServer, type Settings, startServer } from './running-server.ts'
import { newDataDir, removeDataDir } from './start-up.ts'
import { type OpenWorld, openWorld, versionsOf } from './world.ts'

export type OnServer = {
  readonly world: OpenWorld
  readonly server: RunningServer
  /** Starts a second server on the same database, when it is first called. */
  readonly second: () => Promise<RunningServer>
  readonly databaseUrl: string
  /** The versions of the programs and the hardware. */
  readonly machine: Readonly<Record<string, string | number>>
}

/**
 * Starts a server on a new data directory, which is deleted afterwards, and runs the work. `first`
 * runs while nothing else is connected to the database.
 */
export async function onServer<First, T>(
  first: (server: RunningServer) => Promise<First>,
  work: (at: OnServer, done: First) => Promise<T>,
  settings: Settings = {},
): Promise<T> {
  const dataDir = newDataDir()
  try {
    const server = await startServer(dataDir, 'process', settings)
    try {
      const done = await first(server)
      const connection = await findRunning(dataDir)
      if (connection === null) throw new Error('the database of the server is not running')
      const url = databaseUrl(connection)
      const world = await openWorld(url)
      const second = secondServer(url, settings)
      try {
        const machine = { ...(await versionsOf(world)), ...machineOf() }
        const { start } = second
        return await work({ world, server, second: start, databaseUrl: url, machine }, done)
      } finally {
        await world.close()
        await second.stop()
      }
    } finally {
      await server.stop()
    }
  } finally {
    await removeDataDir(dataDir)
  }
}

function secondServer(url: string, settings: Settings) {
  let running: Promise<RunningServer> | null = null
  const dataDir = newDataDir()
  return {
    start: () => {
      running ??= startServer(dataDir, 'process', { ...settings, DATABASE_URL: url })
      return running
    },
    stop: async () => {
      await (await running)?.stop()
      await removeDataDir(dataDir)
    },
  }
}

const machineOf = () => ({
  node: process.versions.node,
  system: `${process.platform}-${process.arch}`,
  cores: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGb: Math.round(totalmem() / 1e9),
})
