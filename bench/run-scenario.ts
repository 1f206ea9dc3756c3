import { countWith, EVENTS, recordsAnswered } from './effects.ts'
import { type CountQuery, settle } from './settle.ts'
import { type MeasuredServer, openSides, type Side } from './sides.ts'
import { median, type Spread, spreadOf } from './statistics.ts'
import type { Half, Lanes, PacedLatency, Scenario, Target, World } from './types.ts'
import { firstWhole } from './wholes.ts'
import { type OpenWorld, recordLanes } from './world.ts'

/** Medians over the rounds. `ratio` is the server's rate divided by this side's, per round. */
export type Figures = Half & { readonly ratio: Spread }

export type ScenarioResult = {
  readonly name: string
  readonly title: string
  readonly connections: number
  /** How many statements a call sends, including `begin` and `commit`. */
  readonly statements: number
  /** How many records of usage a call writes. Null if the scenario does not measure that. */
  readonly records: number | null
  readonly sides: Readonly<Partial<Record<Side['name'], Figures>>>
  readonly target: Target | null
  /** The server's latency at half of its median rate. Null if it is not measured. */
  readonly paced: PacedLatency | null
  /** The calls per second of each half. */
  readonly rounds: readonly Readonly<Record<string, number>>[]
}

type Round = Readonly<Record<string, Half>>

/**
 * Measures the server and its baselines in turns, so that other load on the machine affects all of
 * them equally. Each round begins with another side. The first round is a warm-up.
 */
export async function runScenario(
  scenario: Scenario,
  at: {
    world: OpenWorld
    server: MeasuredServer
    /** Starts a second server on the same database, when it is first needed. */
    second: () => Promise<MeasuredServer>
    databaseUrl: string
    poolSize: number
    pairs: number
    seconds: number
  },
): Promise<ScenarioResult> {
  const lanes = await recordLanes(at.world, scenario)
  const servers = scenario.servers === 2 ? [at.server, await at.second()] : [at.server]
  const sides = await openSides({ ...at, servers, names: scenario.baselines, lanes })
  try {
    await compareEffects(scenario, at.world, { all: sides.all, lanes })
    const rounds: Round[] = []
    for (let round = 0; round <= at.pairs; round += 1) {
      const rotated = [...sides.all.slice(round % sides.all.length), ...sides.all]
      const seconds = round === 0 ? (scenario.warmUpSeconds ?? at.seconds) : at.seconds
      const halves = await runRound(rotated.slice(0, sides.all.length), { ...at, seconds })
      if (round > 0) rounds.push(halves)
      // After a minute autovacuum would have analysed the tables. This database is younger.
      else await at.world.execute('analyze')
    }
    const result = resultOf(scenario, lanes, rounds)
    return { ...result, paced: scenario.isPaced ? await paced(result, sides.all, at) : null }
  } finally {
    await sides.close()
  }
}

async function runRound(
  sides: readonly Side[],
  { world, seconds }: { world: World; seconds: number },
): Promise<Round> {
  const halves: Record<string, Half> = {}
  for (const side of sides) {
    halves[side.name] = await side.run(seconds)
    await settle(countIn(world))
  }
  return halves
}

/** How many times longer than a half the latency at a fixed rate is measured. */
const PACED_HALVES = 3

async function paced(
  { sides }: Pick<ScenarioResult, 'sides'>,
  all: readonly Side[],
  { world, seconds }: { world: World; seconds: number },
): Promise<PacedLatency | null> {
  const server = all.find(({ name }) => name === 'server')
  const most = sides.server?.perSecond
  if (!server?.runPaced || most === undefined) return null
  const latency = await server.runPaced(PACED_HALVES * seconds, most / 2)
  await settle(countIn(world))
  return latency
}

/**
 * Throws unless the server and the baselines do the same work: they must return equally many
 * records and publish equally many events, or write what the scenario counts.
 */
async function compareEffects(
  { written }: Scenario,
  world: OpenWorld,
  { all, lanes }: { all: readonly Side[]; lanes: Lanes },
) {
  const turns = firstWhole(lanes[0] ?? [])
  if (turns.length === 0) throw new Error('the scenario has no calls')
  const count = () => countIn(world)(written ?? EVENTS)
  const effects: { answered: number; written: number }[] = []
  for (const { url } of all) {
    if (url === null) continue
    const before = await count()
    const answered = await recordsAnswered(url, turns)
    effects.push({
      answered: written === undefined ? answered : 0,
      written: (await count()) - before,
    })
  }
  const [own, ...others] = effects
  for (const other of others) {
    // A list reads one record more than it returns, to find out whether another page follows.
    const differs = own === undefined || Math.abs(own.answered - other.answered) > 1
    if (differs || own.written !== other.written)
      throw new Error(`the sides do different work: ${JSON.stringify(effects)}`)
  }
}

const countIn =
  (world: World): CountQuery =>
  (text) =>
    world.app.db.withClient((client) => countWith(client, text))

function resultOf(
  scenario: Scenario,
  lanes: Lanes,
  rounds: readonly Round[],
): Omit<ScenarioResult, 'paced'> {
  const { name, title, connections, baselines, target } = scenario
  const names = ['server', ...baselines] as const
  return {
    name,
    title,
    connections,
    statements: firstWhole(lanes[0] ?? []).reduce((sum, turn) => sum + turn.recording.length, 0),
    records: scenario.records ?? null,
    sides: Object.fromEntries(names.map((side) => [side, figuresOf(rounds, side)])),
    target,
    rounds: rounds.map((round) =>
      Object.fromEntries(names.map((side) => [side, halfOf(round, side).perSecond])),
    ),
  }
}

function figuresOf(rounds: readonly Round[], side: Side['name']): Figures {
  const halves = rounds.map((round) => halfOf(round, side))
  const ratios = rounds.map(
    (round) => halfOf(round, 'server').perSecond / halfOf(round, side).perSecond,
  )
  return {
    perSecond: median(halves.map(({ perSecond }) => perSecond)),
    cpuMs: median(halves.map(({ cpuMs }) => cpuMs)),
    p99Ms: medianOrNull(halves.map(({ p99Ms }) => p99Ms)),
    ratio: spreadOf(ratios),
  }
}

function halfOf(round: Round, side: Side['name']): Half {
  const half = round[side]
  if (half === undefined) throw new Error(`a round lacks the half of ${side}`)
  return half
}

const medianOrNull = (numbers: readonly (number | null)[]): number | null => {
  const known = numbers.filter((number) => number !== null)
  return known.length === 0 ? null : median(known)
}
