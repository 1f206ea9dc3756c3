import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { readConfig } from '../src/config.ts'
import { databaseUrl, findRunning } from '../src/db/embedded/index.ts'
import { killChildren } from './child.ts'
import { LEAST_PAIRS, type Options, readOptions, USAGE, UsageError } from './options.ts'
import { type Memory, memoryOf } from './processes.ts'
import { watchStatements } from './record.ts'
import { type Report, textOf, verdictsOf } from './report.ts'
import { runScenario, type ScenarioResult } from './run-scenario.ts'
import { killServers, type RunningServer, startServer } from './running-server.ts'
import { scenarios } from './scenarios/index.ts'
import { measureStartUp, newDataDir, removeDataDir, type StartUp } from './start-up.ts'
import { openWorld, versionsOf } from './world.ts'

const RESULTS = new URL('results/', import.meta.url)
const START_UP = 'start-up'
const MEMORY = 'memory'

/** How long the server has had nothing to do before its memory is read, in milliseconds. */
const IDLE_MS = 5000

/** The pool of the server as it is configured here, by its default. */
const POOL_SIZE = readConfig({}, process.cwd()).databasePoolSize

const say = (text: string) => process.stderr.write(`${text}\n`)

async function main(options: Options): Promise<void> {
  const wants = (name: string) => options.only === null || options.only.includes(name)
  const startUp = wants(START_UP) ? await startUps() : []
  const measured = await onServer((server, dataDir) => measure({ server, dataDir, options, wants }))
  const { machine, memory, results } = measured
  const settings = { pairs: options.pairs, seconds: options.seconds, poolSize: POOL_SIZE }
  const date = new Date().toISOString()
  const figures = { date, machine, settings, startUp, memory, scenarios: results }
  const report: Report = { ...figures, targets: verdictsOf(figures) }
  process.stdout.write(`\n${textOf(report)}`)
  if (options.only !== null || options.pairs < LEAST_PAIRS) return
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(new URL('latest.json', RESULTS), `${JSON.stringify(rounded(report), null, 2)}\n`)
}

async function startUps(): Promise<StartUp[]> {
  say(START_UP)
  return [await measureStartUp('process'), await measureStartUp('npm')]
}

/** Starts a server over a data directory of its own, which is gone afterwards. */
async function onServer<T>(work: (server: RunningServer, dataDir: string) => Promise<T>) {
  const dataDir = newDataDir()
  try {
    const server = await startServer(dataDir)
    try {
      return await work(server, dataDir)
    } finally {
      await server.stop()
    }
  } finally {
    await removeDataDir(dataDir)
  }
}

/** What one running server is measured for. */
async function measure(from: {
  server: RunningServer
  dataDir: string
  options: Options
  wants: (name: string) => boolean
}) {
  const { server, dataDir, options, wants } = from
  const connection = await findRunning(dataDir)
  if (connection === null) throw new Error('the database of the server is not running')
  const idle = wants(MEMORY) ? await idleMemory(server.pid) : null
  const url = databaseUrl(connection)
  const world = await openWorld(url)
  try {
    const machine = { ...(await versionsOf(world)), ...machineOf() }
    const at = { world, server, databaseUrl: url, poolSize: POOL_SIZE, ...options }
    const results: ScenarioResult[] = []
    for (const scenario of scenarios.filter(({ name }) => wants(name))) {
      say(scenario.name)
      results.push(await runScenario(scenario, at))
    }
    const loaded = idle === null || results.length === 0 ? null : await idleMemory(server.pid)
    return { machine, memory: idle === null ? null : { idle, loaded }, results }
  } finally {
    await world.close()
  }
}

async function idleMemory(pid: number): Promise<Memory> {
  say(MEMORY)
  await delay(IDLE_MS)
  return memoryOf(pid)
}

const machineOf = () => ({
  node: process.versions.node,
  system: `${process.platform}-${process.arch}`,
  cores: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGb: Math.round(totalmem() / 1e9),
})

/** Four digits are more than the figures are good for. */
const rounded = (report: Report): unknown =>
  JSON.parse(JSON.stringify(report), (_, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value,
  )

function giveUp(): void {
  killChildren()
  killServers()
}

try {
  const names = [START_UP, MEMORY, ...scenarios.map(({ name }) => name)]
  const options = readOptions(process.argv.slice(2), names)
  watchStatements()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, giveUp)
  await main(options)
} catch (error) {
  killChildren()
  const isUsage = error instanceof UsageError
  say(isUsage ? `${error.message}\n\n${USAGE}` : `bench: ${(error as Error).stack}`)
  process.exitCode = 1
}
