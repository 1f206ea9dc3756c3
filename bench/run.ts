import { mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { readConfig } from '../src/config.ts'
import { textOf as textOfAgainst } from './against/compare.ts'
import { runAgainst } from './against/run.ts'
import { killChildren } from './child.ts'
import { type MemoryByCustomers, memoryByCustomers } from './memory-by-customers.ts'
import { type OnServer, onServer } from './on-server.ts'
import {
  MAX_EVENTS,
  MIN_PAIRS,
  type Options,
  readOptions,
  SUBSCRIPTIONS,
  USAGE,
  UsageError,
} from './options.ts'
import { type Memory, memoryOf } from './processes.ts'
import { watchStatements } from './record.ts'
import { type Report, textOf, verdictsOf } from './report.ts'
import { runScenario, type ScenarioResult } from './run-scenario.ts'
import { killServers } from './running-server.ts'
import { scenarios } from './scenarios/index.ts'
import { textOf as textOfSizes } from './size/flatness.ts'
import { runSize } from './size/run.ts'
import { textOf as textOfSoak } from './soak/report.ts'
import { runSoak, SOAK_SETTINGS } from './soak/run.ts'
import { measureStartUp, type StartUp } from './start-up.ts'
import { measureSubscriptionTask, type SubscriptionTask } from './subscription-task.ts'

const RESULTS = new URL('results/', import.meta.url)
/** The results of a shorter soak test are not stored. */
const MIN_SOAK_MINUTES = 20
const START_UP = 'start-up'
const MEMORY = 'memory'
const MEMORY_BY_CUSTOMERS = 'memory-by-customers'
const SUBSCRIPTION_TASK = 'subscription-task'

/** How long the server is idle before its memory is read, in milliseconds. */
const IDLE_MS = 5000

/** The default pool size, which the server uses here. */
const POOL_SIZE = readConfig({}, process.cwd()).databasePoolSize

const say = (text: string) => process.stderr.write(`${text}\n`)

async function main(options: Options): Promise<void> {
  const wants = (name: string) => options.only === null || options.only.includes(name)
  const startUp = wants(START_UP) ? await startUps() : []
  const byCustomers = wants(MEMORY_BY_CUSTOMERS) ? await cachedCustomers() : []
  const task = wants(SUBSCRIPTION_TASK) ? await subscriptionTask(options) : null
  const measured = await onServer(
    async ({ pid }) => (wants(MEMORY) ? await idleMemory(pid) : null),
    (at, idle) => measure(at, { options, wants, idle }),
  )
  const { machine, memory, results } = measured
  const settings = { pairs: options.pairs, seconds: options.seconds, poolSize: POOL_SIZE }
  const date = new Date().toISOString()
  const figures = {
    date,
    machine,
    settings,
    startUp,
    memory,
    byCustomers,
    task,
    scenarios: results,
  }
  const report: Report = { ...figures, targets: verdictsOf(figures) }
  process.stdout.write(`\n${textOf(report)}`)
  const isWhole = options.only === null && options.subscriptions === SUBSCRIPTIONS
  if (isWhole && options.pairs >= MIN_PAIRS) write('latest.json', report)
}

const subscriptionTask = ({ subscriptions }: Options): Promise<SubscriptionTask> => {
  say(SUBSCRIPTION_TASK)
  return onServer(
    async () => null,
    (at) => measureSubscriptionTask(at, subscriptions),
  )
}

const cachedCustomers = (): Promise<MemoryByCustomers[]> => {
  say(MEMORY_BY_CUSTOMERS)
  return onServer(async () => null, memoryByCustomers)
}

async function size(options: Options): Promise<void> {
  const report = await onServer(
    async () => null,
    (at) => runSize(at, options, say),
  )
  process.stdout.write(`\n${textOfSizes(report.rows)}\n`)
  if (options.events === MAX_EVENTS && options.pairs >= MIN_PAIRS) write('size.json', report)
}

async function against(options: Options): Promise<void> {
  const report = await runAgainst(options, say)
  process.stdout.write(`\n${textOfAgainst(report)}\n`)
  if (options.only === null && options.pairs >= MIN_PAIRS) write('against.json', report)
  if (report.commits.some(({ rows }) => rows.some(({ kept }) => !kept))) process.exitCode = 1
}

async function soak(minutes: number): Promise<void> {
  const report = await onServer(
    async () => null,
    (at) => runSoak(at, minutes, say),
    SOAK_SETTINGS,
  )
  process.stdout.write(`\n${textOfSoak(report)}\n`)
  if (minutes >= MIN_SOAK_MINUTES) write('soak.json', report)
  if (report.targets.some(({ met }) => !met)) process.exitCode = 1
}

async function startUps(): Promise<StartUp[]> {
  say(START_UP)
  return [await measureStartUp('process'), await measureStartUp('npm')]
}

/** Measures one running server. */
async function measure(
  at: OnServer,
  from: { options: Options; wants: (name: string) => boolean; idle: Memory | null },
) {
  const { options, wants, idle } = from
  const results: ScenarioResult[] = []
  for (const scenario of scenarios.filter(({ name }) => wants(name))) {
    say(scenario.name)
    results.push(await runScenario(scenario, { ...at, poolSize: POOL_SIZE, ...options }))
  }
  const loaded = idle === null || results.length === 0 ? null : await idleMemory(at.server.pid)
  return { machine: at.machine, memory: idle === null ? null : { idle, loaded }, results }
}

async function idleMemory(pid: number): Promise<Memory> {
  say(MEMORY)
  await delay(IDLE_MS)
  return memoryOf(pid)
}

function write(name: string, report: object): void {
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(new URL(name, RESULTS), `${JSON.stringify(rounded(report), null, 2)}\n`)
}

/** Rounds numbers to four digits. The figures are not more precise. */
const rounded = (report: object): unknown =>
  JSON.parse(JSON.stringify(report), (_, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value,
  )

function giveUp(): void {
  killChildren()
  killServers()
}

try {
  const own = [START_UP, MEMORY, MEMORY_BY_CUSTOMERS, SUBSCRIPTION_TASK]
  const names = [...own, ...scenarios.map(({ name }) => name)]
  const options = readOptions(process.argv.slice(2), names)
  watchStatements()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, giveUp)
  if (options.size) await size(options)
  else if (options.soak !== null) await soak(options.soak)
  else if (options.against.length > 0) await against(options)
  else await main(options)
} catch (error) {
  killChildren()
  const isUsage = error instanceof UsageError
  say(isUsage ? `${error.message}\n\n${USAGE}` : `bench: ${(error as Error).stack}`)
  process.exitCode = 1
}
