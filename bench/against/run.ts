import { type Child, startChild } from '../child.ts'
import { EVENTS, recordsAnswered } from '../effects.ts'
import type { Load } from '../messages.ts'
import { scenarios } from '../scenarios/index.ts'
import { settle } from '../settle.ts'
import { costed, requestOf } from '../sides.ts'
import type { Count, Half, Scenario } from '../types.ts'
import { firstWhole } from '../wholes.ts'
import { checkOut, ROOT } from './checkout.ts'
import { type AgainstReport, type Row, rowOf } from './compare.ts'
import type { OpenAnswer, PrepareAnswer } from './messages.ts'

type RunOptions = {
  against: string
  only: readonly string[] | null
  pairs: number
  seconds: number
}

/** A checkout that is measured. Each side has its own process and its own database. */
type Side = OpenAnswer & { readonly child: Child }

/**
 * Compares this checkout's server with that of an earlier commit. Both get the same load in turns,
 * each on a database that its own bench has filled. Each round begins with the other side. The
 * first round is a warm-up.
 */
export async function runAgainst(
  wanted: RunOptions,
  say: (text: string) => void,
): Promise<AgainstReport> {
  say(`installing ${wanted.against}`)
  const earlier = checkOut(wanted.against)
  const children: Child[] = []
  try {
    const now = await openSide(ROOT, children)
    const before = await openSide(earlier.root, children)
    const load = startChild('./load.ts')
    children.push(load)
    const rows: Row[] = []
    for (const { name, title, connections } of wantedScenarios(wanted)) {
      say(name)
      const rounds = await measure({ name, now, before, load, ...wanted })
      if (rounds !== null) rows.push(rowOf({ name, title, connections }, rounds))
      else say(`${wanted.against} has no ${name}`)
    }
    await Promise.all([now, before].map(({ child }) => child.ask({ close: true })))
    const { pairs, seconds } = wanted
    const { commit } = earlier
    return { date: new Date().toISOString(), machine: now.machine, commit, pairs, seconds, rows }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
    earlier.remove()
  }
}

const wantedScenarios = ({ only }: RunOptions): readonly Scenario[] =>
  scenarios.filter(({ name }) => only === null || only.includes(name))

async function openSide(root: string, children: Child[]): Promise<Side> {
  const child = startChild('./against/side.ts')
  children.push(child)
  return { child, ...(await child.ask<OpenAnswer>({ open: { root } })) }
}

type PairResult = { now: Half; before: Half }

/** Returns the results of each round, or null if the earlier commit has no such scenario. */
async function measure(
  of: RunOptions & { name: string; now: Side; before: Side; load: Child },
): Promise<PairResult[] | null> {
  const now = await prepared(of.now, of)
  const before = await prepared(of.before, of)
  if (now === null || before === null) return null
  const effects = [await now.effect(), await before.effect()]
  if (effects[0] !== effects[1])
    throw new Error(`${of.name}: the sides do different work: ${JSON.stringify(effects)}`)
  const rounds: PairResult[] = []
  for (let round = 0; round <= of.pairs; round += 1) {
    const seconds = round === 0 ? now.warmUpSeconds : of.seconds
    const first = round % 2 === 0 ? now : before
    const other = first === now ? before : now
    const halves = [await first.run(seconds), await other.run(seconds)] as const
    if (round === 0) await Promise.all([now.analyze(), before.analyze()])
    else
      rounds.push(
        first === now
          ? { now: halves[0], before: halves[1] }
          : { now: halves[1], before: halves[0] },
      )
  }
  return rounds
}

/** Prepares a scenario on a side. */
async function prepared(
  { child, url, pid }: Side,
  { name, load, seconds }: { name: string; load: Child; seconds: number },
) {
  const scenario = await child.ask<PrepareAnswer>({ prepare: name })
  if (scenario === null) return null
  const { written, lanes } = scenario
  const count = (text: string) => child.ask<number>({ count: text })
  const run = costed(pid, (length) => {
    const message: Load = { url, seconds: length, lanes: lanes.map((lane) => lane.map(requestOf)) }
    return load.ask<Count>(message)
  })
  return {
    warmUpSeconds: scenario.warmUpSeconds ?? seconds,
    run: async (length: number): Promise<Half> => {
      const half = await run(length)
      await settle(count)
      return half
    },
    /** Returns what one call writes, or its response if it writes nothing. */
    effect: async (): Promise<string> => {
      const before = await count(written ?? EVENTS)
      const answered = await recordsAnswered(url, firstWhole(lanes[0] ?? []))
      return `${written === undefined ? answered : 0} answered, ${(await count(written ?? EVENTS)) - before} written`
    },
    analyze: () => child.ask<void>({ execute: 'analyze' }),
  }
}
