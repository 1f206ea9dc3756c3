import type { App } from '../app.ts'
import type { Ahead } from '../kernel/ahead.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { readArguments, runAction, takePositionals } from './arguments.ts'
import { type Command, CommandError, UsageError } from './command.ts'
import { numberOf } from './number-of.ts'
import { type ColumnAhead, findAhead } from './repair/ahead.ts'
import { turnBack } from './repair/turn-back.ts'
import { formatTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { withApp } from './with-app.ts'

/** A statement may read or change all records of a customer. Many millions take minutes. */
const STATEMENT_TIMEOUT_MS = 3_600_000

export const repairCommand: Command = {
  summary: 'correct what a server with a wrong clock has written',
  usage: `Usage: bursar repair clock [--apply] [--at <instant>] [--json]

Lists impossible instants in the future: of usage, decisions and changes that a server wrote while
its clock was ahead. Without --apply nothing is written. Servers can keep running once their clocks
are right. An instant that is ahead by at most BURSAR_MAX_CLOCK_SKEW_MS counts as present.

With --apply all these instants move to the present, one customer after the other: usage and its
deduplication keys move to the current windows, reservations and promotional entitlements keep their
remaining time, and events keep their order. Then stored totals and counters are rebuilt. Rows that
were purged too early stay deleted, and responses with a future instant cannot be taken back.

Exits with 0 if nothing is in the future (any more), otherwise with 1.

  --apply  correct the instants
  --at     the present, such as 2026-05-18T10:07:42Z (default: the clock of the database).
           Everything later moves to this instant: stop the servers before
  --json   as JSON instead of lines`,
  run: runAction({ clock }),
}

async function clock(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    apply: { type: 'boolean', default: false },
    at: { type: 'string' },
    json: { type: 'boolean', default: false },
  })
  takePositionals(positionals)
  const stated = values.at === undefined ? null : instantOf(values.at)
  const outcome = await withApp(terminal, (app) => repairClock(app, { ...values, stated }), {
    reads: !values.apply,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  })
  if (values.json) terminal.print(JSON.stringify(outcome, inWire, 2))
  else report(terminal, outcome)
  if (outcome.left.length === 0) return 0
  terminal.note(
    values.apply
      ? 'the rest was in use or was written meanwhile: run the command again'
      : 'nothing was changed: bursar repair clock --apply corrects it',
  )
  return 1
}

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/

function instantOf(text: string): Instant {
  const at = FORM.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at))
    throw new UsageError(`--at must be an instant such as 2026-05-18T10:07:42Z, not "${text}"`)
  return at
}

/** What lies in the future: `found` before the repair, `left` after it. */
type Outcome = { at: Instant; customers: number; found: ColumnAhead[]; left: ColumnAhead[] }

async function repairClock(
  app: App,
  { apply, stated }: { apply: boolean; stated: Instant | null },
): Promise<Outcome> {
  const { ahead, at } = await aheadOf(app, stated)
  const look = async () => {
    const { beyond } = await ahead()
    return app.db.snapshot((reader) => findAhead(reader, beyond))
  }
  const found = await look()
  if (!apply || found.length === 0) return { at, customers: 0, found, left: found }
  const customers = await turnBack(app, ahead)
  return { at, customers, found, left: await look() }
}

/**
 * Returns the instant to which everything moves, and a function that returns what counts as the
 * future now. The instant is fixed at the beginning, so that what moves comes before what servers
 * write in the meantime. What counts as the future follows the database's clock, because servers
 * keep writing.
 */
async function aheadOf({ db, config }: App, stated: Instant | null) {
  const now = async () => (await db.look()).clock.theirs
  const present = await now()
  if (stated === null && config.testClock)
    throw new CommandError(
      'the clock is a test clock (BURSAR_TEST_CLOCK): pass the present time with --at',
    )
  if (stated !== null && stated > present && !config.testClock)
    throw new CommandError(`--at is in the future: the time is ${instantToWire(present)}`)
  const at = stated ?? present
  const ahead = async (): Promise<Ahead> => {
    return { at, beyond: (stated ?? (await now())) + config.maxClockSkewMs }
  }
  return { at, ahead }
}

/** A replacer for `JSON.stringify` that writes instants like the API. */
const inWire = (name: string, value: unknown): unknown =>
  (name === 'at' || name === 'farthest') && typeof value === 'number' ? instantToWire(value) : value

function report(terminal: Terminal, { at, customers, found, left }: Outcome): void {
  if (found.length === 0) terminal.print(`no instant is later than ${instantToWire(at)}`)
  else terminal.print(tableOf(found))
  if (left === found) return
  terminal.print(
    `\nmoved to ${instantToWire(at)}: ${numberOf(customers, 'customer')} and their shared rows`,
  )
  for (const { table, column, rows } of left) terminal.print(`left: ${rows} of ${table}.${column}`)
}

const tableOf = (found: readonly ColumnAhead[]): string =>
  formatTable(
    ['table', 'column', 'number', 'farthest'],
    found.map((each) => [each.table, each.column, String(each.rows), instantToWire(each.farthest)]),
  )
