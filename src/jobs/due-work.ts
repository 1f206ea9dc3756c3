import type { App } from '../app.ts'
import type { Reader, Sql, Tx } from '../db/index.ts'
import { column, databaseClock, hasRow, isRetryable, row, rows, sql } from '../db/index.ts'
import { assert } from '../kernel/assert.ts'
import { type Clock, type Instant, instantToWire } from '../kernel/clock.ts'
import { WrongClock } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { GOES_ON, type Work, type WorkHandler, type WorkHandlers } from './types.ts'

/** Failed work is retried after 2, 4, 8 … seconds. The longest delay is an hour. */
const RETRY_BASE_MS = 1000
const RETRY_LIMIT_MS = 3_600_000

/** Work of an environment must be scheduled at most this far ahead, in milliseconds. */
const OFTEN_MS = 86_400_000

export type Schedule = {
  scope: Scope
  /** Null for work of the environment, which must be scheduled at most a day ahead. */
  customerKey: Uuid | null
  kind: string
  subject: string
  dueAt: Instant
}

/** Schedules work. Work with the same customer, kind and subject is rescheduled. */
export const schedule = (tx: Tx, app: App, work: Schedule): Promise<number> =>
  insert(tx, app, { works: [work], whenNoted: MOVE })

/** Schedules several pieces of work in one statement. Their names must differ. */
export const scheduleAll = (tx: Tx, app: App, works: readonly Schedule[]): Promise<number> =>
  insert(tx, app, { works, whenNoted: MOVE })

/**
 * Schedules recurring work of an environment, whose handler returns the next instant. The first run
 * is after `afterMs` milliseconds. If the work is already scheduled, nothing changes, and its row
 * is not locked.
 */
export const scheduleRecurring = (
  tx: Tx,
  app: App,
  { scope, kind, afterMs }: { scope: Scope; kind: string; afterMs: number },
): Promise<number> => {
  const dueAt = app.clock.now() + afterMs
  const works = [{ scope, customerKey: null, kind, subject: '', dueAt }]
  return insert(tx, app, { works, whenNoted: sql`do nothing` })
}

/** Deletes work that is no longer needed. Waits for it if it is running. */
export const unschedule = (
  tx: Tx,
  work: { customerKey: Uuid; kinds: readonly string[]; subject: string },
): Promise<number> =>
  tx.execute(sql`
    delete from due_work
    where customer_key = ${work.customerKey}::uuid and kind = any(${work.kinds}::text[])
      and subject = ${work.subject}::text`)

const MOVE = sql`do update set due_at = excluded.due_at, attempts = 0`

async function insert(
  tx: Tx,
  app: App,
  { works, whenNoted }: { works: readonly Schedule[]; whenNoted: Sql },
): Promise<number> {
  if (works.length === 0) return 0
  const now = app.clock.now()
  const isSoon = ({ customerKey, dueAt }: Schedule) =>
    customerKey !== null || dueAt <= now + OFTEN_MS
  assert(works.every(isSoon), 'work of an environment would not be due within a day')
  return tx.execute(sql`
    insert into due_work (customer_key, work_key, environment_key, kind, subject, due_at)
    select customer_key, work_key, environment_key, kind, subject, due_at
    from ${rows(works, {
      customer_key: ['uuid', ({ customerKey, scope }) => customerKey ?? scope.environmentKey],
      work_key: ['uuid', () => app.ids.next(now)],
      environment_key: ['uuid', ({ scope }) => scope.environmentKey],
      kind: ['text', ({ kind }) => kind],
      subject: ['text', ({ subject }) => subject],
      due_at: ['timestamptz', ({ dueAt }) => dueAt],
    })} as work
    on conflict (customer_key, kind, subject) ${whenNoted}`)
}

/** Returns whether any work of a kind is due in an environment. */
export const isAnyDue = (
  reader: Reader,
  scope: Scope,
  { kind, now }: { kind: string; now: Instant },
): Promise<boolean> =>
  hasRow(
    reader,
    sql`
    select 1 from due_work
    where environment_key = ${scope.environmentKey}::uuid and kind = ${kind}::text
      and due_at <= ${instantToWire(now)}::timestamptz limit 1`,
  )

/**
 * Runs all work that is due both by the application's clock and by the database's clock, each piece
 * in its own transaction. So whatever the work deletes is old by both clocks. Several processes may
 * call this at once, because each piece of work is locked. Returns the number of pieces that ran.
 * `onGoingOn` is called for each piece that goes on at once, in the next call.
 */
export async function runDueWork(
  app: App,
  handlers: WorkHandlers,
  onGoingOn: () => void = () => {},
): Promise<number> {
  const now = app.clock.now()
  for (let ran = 0; ; ran += 1) {
    const failed: { work: Work; error: unknown }[] = []
    const found = await app.db
      .transaction((tx) => runNext(tx, app, { handlers, now, onGoingOn }))
      .catch((error) => {
        if (!(error instanceof WorkFailure)) throw error
        failed.push({ work: error.work, error: error.cause })
        return true
      })
    for (const failure of failed) await postpone(app, failure.work, failure.error, now)
    if (!found) return ran
  }
}

/**
 * Finds work that is due later than a server with a correct clock can have scheduled it, and makes
 * it due now. This applies to recurring work and to failed work. Returns the number of pieces.
 */
export async function correctDueTimes({ db, clock }: App): Promise<number> {
  const now = sql`least(${instantToWire(clock.now())}::timestamptz, ${databaseClock(clock)})`
  const after = (ms: number) => sql`${now} + ${2 * ms}::integer * interval '1 millisecond'`
  return db.transaction((tx) =>
    tx.execute(sql`
      update due_work set due_at = ${now}, attempts = 0
      where customer_key = environment_key and due_at > ${after(OFTEN_MS)}
        or attempts > 0 and due_at > ${after(RETRY_LIMIT_MS)}`),
  )
}

class WorkFailure extends Error {
  readonly work: Work
  constructor(work: Work, cause: unknown) {
    super('a piece of due work failed', { cause })
    this.work = work
  }
}

async function runNext(
  tx: Tx,
  app: App,
  { handlers, now, onGoingOn }: { handlers: WorkHandlers; now: Instant; onGoingOn: () => void },
): Promise<boolean> {
  const next = await lockNext(tx, app.clock, { kinds: Object.keys(handlers), now })
  if (next === null) return false
  const { work, now: both } = next
  const handler = handlers[work.kind] as WorkHandler
  try {
    const asked = await handler(tx, work, both, app)
    if (asked === GOES_ON) onGoingOn()
    const again = asked === GOES_ON ? both + 1 : asked
    assert(again === null || again > both, 'work asked to run again in the past')
    await (again === null ? remove(tx, work) : postponeTo(tx, work, { dueAt: again, attempts: 0 }))
    return true
  } catch (error) {
    if (isRetryable(error) || error instanceof WrongClock) throw error
    // Work that fails must not stay first in the queue, whatever its kind.
    throw new WorkFailure(work, error)
  }
}

const workRow = row<Work>({
  workKey: column.uuid,
  scope: column.group(row({ environmentKey: column.uuid })),
  customerKey: column.uuid,
  kind: column.text,
  subject: column.text,
  dueAt: column.instant,
  attempts: column.integer,
})
const nextRow = row({ work: column.group(workRow), now: column.instant })

/** The next piece that is due, and the earlier of `now` and the time by the database's clock. */
const lockNext = (
  tx: Tx,
  clock: Clock,
  { kinds, now }: { kinds: string[]; now: Instant },
): Promise<{ work: Work; now: Instant } | null> => {
  const both = sql`least(${instantToWire(now)}::timestamptz, ${databaseClock(clock)})`
  return tx.maybeOne(
    nextRow,
    sql`
    select ${both} as now, work_key, environment_key, customer_key, kind, subject, due_at, attempts
    from due_work
    where due_at <= ${both} and kind = any(${kinds}::text[])
    order by due_at, work_key limit 1 for update skip locked`,
  )
}

const remove = (tx: Tx, work: Work) =>
  tx.execute(sql`
    delete from due_work
    where customer_key = ${work.customerKey}::uuid and work_key = ${work.workKey}::uuid`)

const postponeTo = (tx: Tx, work: Work, to: { dueAt: Instant; attempts: number }) =>
  tx.execute(sql`
    update due_work
    set due_at = ${instantToWire(to.dueAt)}::timestamptz, attempts = ${to.attempts}::integer
    where customer_key = ${work.customerKey}::uuid and work_key = ${work.workKey}::uuid
      and attempts = ${work.attempts}::integer
      and due_at = ${instantToWire(work.dueAt)}::timestamptz`)

/**
 * Postpones failed work in a transaction of its own, unless another process has run it meanwhile.
 */
async function postpone(app: App, work: Work, error: unknown, now: Instant): Promise<void> {
  const attempts = work.attempts + 1
  const delayMs = Math.min(RETRY_BASE_MS * 2 ** Math.min(attempts, 30), RETRY_LIMIT_MS)
  app.log.error({ err: error, kind: work.kind, subject: work.subject, attempts }, 'due work failed')
  await app.db.transaction((tx) => postponeTo(tx, work, { dueAt: now + delayMs, attempts }))
}
