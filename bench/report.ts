import { aligned } from './aligned.ts'
import type { MemoryByCustomers } from './memory-by-customers.ts'
import type { Memory } from './processes.ts'
import type { Figures, ScenarioResult } from './run-scenario.ts'
import type { StartUp } from './start-up.ts'
import type { Spread } from './statistics.ts'
import type { SubscriptionTask } from './subscription-task.ts'
import type { BaselineName } from './types.ts'

export type Report = {
  readonly date: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly settings: { pairs: number; seconds: number; poolSize: number }
  readonly startUp: readonly StartUp[]
  /**
   * `idle`: after the start, before the first request. `loaded`: idle again after all scenarios.
   */
  readonly memory: { idle: Memory; loaded: Memory | null } | null
  readonly byCustomers: readonly MemoryByCustomers[]
  readonly task: SubscriptionTask | null
  readonly scenarios: readonly ScenarioResult[]
  readonly targets: readonly Verdict[]
}

export type Verdict = {
  readonly name: string
  readonly unit: '%' | 'ms' | 'MB' | 'records/s'
  readonly bound: 'at least' | 'at most'
  readonly target: number
  readonly measured: number
  readonly met: boolean
  /** The distance from the target, in its unit. Negative if the target is missed. */
  readonly margin: number
}

const FIRST_START_MS = 3000
const LATER_START_MS = 2000
const IDLE_MB = 150

const BASELINES: Readonly<Record<BaselineName, string>> = {
  fastify: 'bare Fastify, same SQL',
  handwritten: 'bare Fastify, a row per level',
  memory: 'bare Fastify, by hand in memory',
  sql: 'pg loop, same SQL',
  static: 'static route',
}

const WAY = { process: 'server process', npm: 'npm start' } as const

/** Returns all figures that have a target, and whether they reach it. */
export function verdictsOf(report: Omit<Report, 'targets'>): Verdict[] {
  const verdicts: Verdict[] = []
  for (const scenario of report.scenarios) {
    const verdict = verdictOf(scenario)
    if (verdict !== null) verdicts.push(verdict)
  }
  for (const { way, firstMs, laterMs } of report.startUp) {
    const first = { target: FIRST_START_MS, measured: firstMs.median }
    const later = { target: LATER_START_MS, measured: laterMs.median }
    verdicts.push(atMost('ms', { name: `first start, ${WAY[way]}`, ...first }))
    verdicts.push(atMost('ms', { name: `later start, ${WAY[way]}`, ...later }))
  }
  if (report.memory !== null) {
    const measured = report.memory.idle.serverMb
    verdicts.push(atMost('MB', { name: 'idle memory, server process', target: IDLE_MB, measured }))
  }
  return verdicts
}

function verdictOf(scenario: ScenarioResult): Verdict | null {
  const { target, title, connections, sides } = scenario
  if (target === null) return null
  const name = `${title}, ${connections} conn.`
  if ('recordsPerSecond' in target) {
    const measured = recordsPerSecond(scenario) ?? 0
    return atLeast('records/s', { name, target: target.recordsPerSecond, measured })
  }
  const { baseline, ratio } = target
  const figures = sides[baseline]
  if (figures === undefined) return null
  return atLeast('%', {
    name: `${name}, of ${BASELINES[baseline]}`,
    target: ratio * 100,
    measured: figures.ratio.median * 100,
  })
}

const recordsPerSecond = ({ records, sides }: ScenarioResult): number | null =>
  records === null || sides.server === undefined ? null : records * sides.server.perSecond

type TargetResult = { name: string; target: number; measured: number }

const atLeast = (unit: Verdict['unit'], of: TargetResult): Verdict => ({
  ...of,
  unit,
  bound: 'at least',
  met: of.measured >= of.target,
  margin: of.measured - of.target,
})

const atMost = (unit: Verdict['unit'], of: TargetResult): Verdict => ({
  ...of,
  unit,
  bound: 'at most',
  met: of.measured <= of.target,
  margin: of.target - of.measured,
})

/** Returns the report as aligned text of at most 120 columns. */
export function textOf(report: Report): string {
  const { settings, machine } = report
  const blocks = [
    [
      Object.entries(machine)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
      `medians of ${settings.pairs} rounds, ${settings.seconds} s a side; % = the server's rate by the baseline's (least–most)`,
    ],
    ...scenarioBlocks(report.scenarios),
    report.startUp.length === 0 ? [] : aligned(startUpRows(report.startUp)),
    report.memory === null ? [] : aligned(memoryRows(report.memory)),
    report.byCustomers.length === 0 ? [] : aligned(byCustomersRows(report.byCustomers)),
    report.task === null ? [] : aligned(taskRows(report.task)),
    report.targets.length === 0 ? [] : aligned(targetRows(report.targets)),
  ]
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/** Scenarios that write usage have a separate table. */
function scenarioBlocks(scenarios: readonly ScenarioResult[]): string[][] {
  const others = scenarios.filter(({ records }) => records === null)
  const writing = scenarios.filter(({ records }) => records !== null)
  return [others, writing].map((some) =>
    some.length === 0
      ? []
      : [...aligned(scenarioRows(some)), ...staticLines(some), ...pacedLines(some)],
  )
}

function scenarioRows(scenarios: readonly ScenarioResult[]): string[][] {
  return [
    [
      ...['', 'conn.', 'stmts', 'server/s', 'records/s', 'p99 ms', 'CPU µs'],
      ...['Fastify/s', 'CPU µs', '%', 'by hand/s', 'p99 ms', '%', 'pg loop/s', '%'],
    ],
    ...scenarios.map((scenario) => {
      const { title, connections, statements, sides } = scenario
      return [
        title,
        String(connections),
        String(statements),
        rate(sides.server),
        recordsPerSecond(scenario)?.toFixed(0) ?? '',
        tail(sides.server),
        processor(sides.server),
        rate(sides.fastify),
        processor(sides.fastify),
        percent(sides.fastify?.ratio),
        rate(sides.handwritten),
        tail(sides.handwritten),
        percent(sides.handwritten?.ratio),
        rate(sides.sql),
        percent(sides.sql?.ratio),
      ]
    }),
  ]
}

/** For information: the cost of HTTP alone, and what a check by hand from memory reaches. */
const staticLines = (scenarios: readonly ScenarioResult[]): string[] =>
  scenarios.flatMap(({ title, connections, sides }) => {
    const named = `${title}, ${connections} conn.,`
    const still = sides.static
    if (still === undefined) return []
    const lines = [
      `a static route of bare Fastify: ${rate(still)}/s, ` +
        `of which ${named} reaches ${percent(still.ratio)} %`,
    ]
    if (sides.memory !== undefined)
      lines.push(
        `by hand in memory: ${rate(sides.memory)}/s, ` +
          `of which ${named} reaches ${percent(sides.memory.ratio)} %`,
      )
    return lines
  })

/** Without a queue: the latency when the server is half busy. */
const pacedLines = (scenarios: readonly ScenarioResult[]): string[] =>
  scenarios.flatMap(({ title, paced }) =>
    paced === null
      ? []
      : [
          `${title} at half of its rate (${paced.perSecond.toFixed(0)}/s): ` +
            `p50 ${paced.p50Ms.toFixed(0)} ms, p99 ${paced.p99Ms.toFixed(0)} ms`,
        ],
  )

const startUpRows = (startUps: readonly StartUp[]): string[][] => [
  ['start-up, ms (least–most)', 'first', 'later'],
  ...startUps.map(({ way, firstMs, laterMs }) => [WAY[way], spread(firstMs), spread(laterMs)]),
]

function memoryRows({ idle, loaded }: { idle: Memory; loaded: Memory | null }): string[][] {
  const row = (name: string, memory: Memory | null) =>
    memory === null ? [] : [[name, memory.serverMb.toFixed(0), memory.postgresMb.toFixed(0)]]
  return [
    ['memory, MB', 'server (RSS)', 'PostgreSQL (PSS)'],
    ...row('idle after the start', idle),
    ...row('idle after the load', loaded),
  ]
}

const byCustomersRows = (results: readonly MemoryByCustomers[]): string[][] => [
  ['memory by customers checked, MB', 'server (RSS)', 'states'],
  ...results.map(({ customers, serverMb, statesMb }) => [
    customers.toLocaleString('en'),
    serverMb.toFixed(0),
    statesMb.toFixed(1),
  ]),
]

const taskRows = (task: SubscriptionTask): string[][] => {
  const { subscriptions, seconds, customersPerSecond, before, meanwhile } = task
  const latency = ({ p50Ms, p99Ms }: typeof before) => `${p50Ms.toFixed(2)}, ${p99Ms.toFixed(2)}`
  return [
    ['a task over', 'seconds', 'customers/s', 'check, p50 and p99 ms', 'meanwhile'],
    [
      `${subscriptions.toLocaleString('en')} subscriptions`,
      seconds.toFixed(1),
      customersPerSecond.toFixed(0),
      latency(before),
      latency(meanwhile),
    ],
  ]
}

const targetRows = (targets: readonly Verdict[]): string[][] => [
  ['target', '', 'measured', ''],
  ...targets.map(({ name, unit, bound, target, measured, met, margin }) => [
    name,
    `${bound} ${target.toFixed(0)} ${unit}`,
    `${measured.toFixed(0)} ${unit}`,
    `${met ? 'met' : 'MISSED'} by ${Math.abs(margin).toFixed(0)} ${unit}`,
  ]),
]

const rate = (figures: Figures | undefined): string =>
  figures === undefined ? '' : figures.perSecond.toFixed(figures.perSecond < 100 ? 1 : 0)

const tail = (figures: Figures | undefined): string => figures?.p99Ms?.toFixed(0) ?? ''

const processor = (figures: Figures | undefined): string =>
  figures === undefined ? '' : (figures.cpuMs * 1000).toFixed(0)

const percent = (ratio: Spread | undefined): string => {
  if (ratio === undefined) return ''
  const { median, min, max } = ratio
  return `${(median * 100).toFixed(0)} (${(min * 100).toFixed(0)}–${(max * 100).toFixed(0)})`
}

const spread = ({ median, min, max }: Spread): string =>
  `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`
