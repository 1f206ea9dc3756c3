import { type Child, startChild } from '../child.ts'
import { EVENTS, recordsAnswered } from '../effects.ts'
import type { Load } from '../messages.ts'
import { scenarios } from '../scenarios/index.ts'
import { settle } from '../settle.ts'
import { costed, requestOf } from '../sides.ts'
import type { Count, Half, Scenario } from '../types.ts'
import { firstWhole } from '../wholes.ts'
import { type Checkout, checkOut, ROOT } from './checkout.ts'
import { type AgainstReport, type Row, rowOf } from './compare.ts'
import type { OpenAnswer, PrepareAnswer, SecondAnswer } from './messages.ts'

type RunOptions = {
  against: readonly string[]
  only: readonly string[] | null
  pairs: number
  seconds: number
}

/** A checkout that is measured. Each side has its own process and its own database. */
type Side = OpenAnswer & { readonly child: Child }

/**
 * Compares this checkout's server with those of earlier commits. All get the same load in turns,
 * each on a database that its own bench has filled. Each round begins with the next side. The
 * first round is a warm-up.
 */
export async function runAgainst(
  wanted: RunOptions,
  say: (text: string) => void,
): Promise<AgainstReport> {
  const checkouts: Checkout[] = []
  const children: Child[] = []
  try {
    for (const revision of wanted.against) {
      say(`installing ${revision}`)
      checkouts.push(checkOut(revision))
    }
    const now = await openSide(ROOT, children)
    const earlier: Earlier[] = []
    for (const { root, commit } of checkouts)
      earlier.push({ commit, rows: [], side: await openSide(root, children) })
    const load = startChild('./load.ts')
    children.push(load)
    for (const { name, title, connections } of wantedScenarios(wanted)) {
      say(name)
      const measured = await measure({ name, now, earlier, load, ...wanted })
      for (const { commit, rows } of earlier) {
        const results = measured.get(commit)
        if (results !== undefined)
          rows.push(rowOf({ name, title, connections }, results.rounds, results.wal))
        else say(`${commit} has no ${name}`)
      }
    }
    const sides = [now, ...earlier.map(({ side }) => side)]
    await Promise.all(sides.map(({ child }) => child.ask({ close: true })))
    const { pairs, seconds } = wanted
    const commits = earlier.map(({ commit, rows }) => ({ commit, rows }))
    return { date: new Date().toISOString(), machine: now.machine, pairs, seconds, commits }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
    for (const { remove } of checkouts) remove()
  }
}

const wantedScenarios = ({ only }: RunOptions): readonly Scenario[] =>
  scenarios.filter(({ name }) => only === null || only.includes(name))

async function openSide(root: string, children: Child[]): Promise<Side> {
  const child = startChild('./against/side.ts')
  children.push(child)
  return { child, ...(await child.ask<OpenAnswer>({ open: { root } })) }
}

type Earlier = { readonly commit: string; readonly rows: Row[]; readonly side: Side }
type PairResult = { now: Half; before: Half }
type Results = { rounds: PairResult[]; wal: Row['wal'] }

/** Returns the results by the commits that have the scenario. */
async function measure(
  of: RunOptions & { name: string; now: Side; earlier: readonly Earlier[]; load: Child },
): Promise<ReadonlyMap<string, Results>> {
  const now = await prepared(of.now, of)
  const results = new Map<string, Results>()
  if (now === null) return results
  const sides: { commit: string | null; side: typeof now }[] = [{ commit: null, side: now }]
  for (const { commit, side } of of.earlier) {
    const before = await prepared(side, of)
    if (before !== null) sides.push({ commit, side: before })
  }
  const effects: string[] = []
  for (const { side } of sides) effects.push(await side.effect())
  if (new Set(effects).size > 1)
    throw new Error(`${of.name}: the sides do different work: ${JSON.stringify(effects)}`)
  for (let round = 0; round <= of.pairs; round += 1) {
    const halves = new Map<string | null, Half>()
    const first = round % sides.length
    for (const { commit, side } of [...sides.slice(first), ...sides.slice(0, first)])
      halves.set(commit, await side.run(round === 0 ? now.warmUpSeconds : of.seconds))
    if (round === 0) await Promise.all(sides.map(({ side }) => side.analyze()))
    else
      for (const { commit } of sides)
        if (commit !== null) {
          const pair = { now: halves.get(null) as Half, before: halves.get(commit) as Half }
          const rounds = [...(results.get(commit)?.rounds ?? []), pair]
          results.set(commit, { rounds, wal: null })
        }
  }
  const walNow = await now.wal(of.seconds)
  for (const { commit, side } of sides) {
    const measured = commit === null ? undefined : results.get(commit)
    const before = measured === undefined ? null : await side.wal(of.seconds)
    if (measured !== undefined && walNow !== null && before !== null)
      measured.wal = { now: walNow, before }
  }
  return results
}

const WAL_BYTES = "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as count"
/** The first change of a page after a checkpoint writes the whole page, which hides the rest. */
const WITHOUT_PAGE_IMAGES = [
  'alter system set full_page_writes = off',
  'select pg_reload_conf()',
  'checkpoint',
]
const WITH_PAGE_IMAGES = ['alter system reset full_page_writes', 'select pg_reload_conf()']

/** Prepares a scenario on a side. */
async function prepared(
  { child, url, pid }: Side,
  { name, load, seconds }: { name: string; load: Child; seconds: number },
) {
  const scenario = await child.ask<PrepareAnswer>({ prepare: name })
  if (scenario === null) return null
  const { written, lanes: turns, servers } = scenario
  const lanes = turns.map((lane) => lane.map(requestOf))
  const measured = [{ url, pid }]
  if (servers === 2) measured.push(await child.ask<SecondAnswer>({ second: true }))
  const count = (text: string) => child.ask<number>({ count: text })
  const pids = measured.map((server) => server.pid)
  const run = costed(pids, (length) => {
    const parts = measured.map((server) => ({ url: server.url, lanes }))
    const message: Load = { parts, seconds: length }
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
      const answered = await recordsAnswered(url, firstWhole(turns[0] ?? []))
      return `${written === undefined ? answered : 0} answered, ${(await count(written ?? EVENTS)) - before} written`
    },
    analyze: () => child.ask<void>({ execute: 'analyze' }),
    /** Returns how many bytes of WAL a use writes. Null if the calls write no usage. */
    wal: async (length: number): Promise<number | null> => {
      if (written === undefined) return null
      for (const statement of WITHOUT_PAGE_IMAGES) await child.ask({ execute: statement })
      const before = { bytes: await count(WAL_BYTES), uses: await count(written) }
      await run(length)
      await settle(count)
      const uses = (await count(written)) - before.uses
      const bytes = (await count(WAL_BYTES)) - before.bytes
      for (const statement of WITH_PAGE_IMAGES) await child.ask({ execute: statement })
      return bytes / uses
    },
  }
}
