import { availableParallelism, cpus, totalmem } from 'node:os'
import { databaseUrl, findRunning } from '../src/embedded-postgres/index.ts'
import { type RunningServer, type Settings, startServer } from './running-server.ts'
import { newDataDir, removeDataDir } from './start-up.ts'
import { type OpenWorld, openWorld, versionsOf } from './world.ts'

export type OnServer = {
  readonly world: OpenWorld
  readonly server: RunningServer
  readonly databaseUrl: string
  /** What runs, and what it runs on. */
  readonly machine: Readonly<Record<string, string | number>>
}

/**
 * Starts a server over a data directory of its own, which is gone afterwards, and works on both.
 * `first` is done while nothing else is connected to its database.
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
      try {
        const machine = { ...(await versionsOf(world)), ...machineOf() }
        return await work({ world, server, databaseUrl: url, machine }, done)
      } finally {
        await world.close()
      }
    } finally {
      await server.stop()
    }
  } finally {
    await removeDataDir(dataDir)
  }
}

const machineOf = () => ({
  node: process.versions.node,
  system: `${process.platform}-${process.arch}`,
  cores: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGb: Math.round(totalmem() / 1e9),
})
