import type { App } from '../app.ts'
import { column, isRetryable, row, type Sql, sql, type Tx } from '../db/index.ts'
import { assert } from '../kernel/assert.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Work, WorkHandler, WorkHandlers } from './types.ts'

/** A failed run is tried again after 2, 4, 8 … seconds of the clock, at most an hour. */
const RETRY_BASE_MS = 1000
const RETRY_LIMIT_MS = 3_600_000

export type Schedule = {
  scope: Scope
  /** null for work of the environment. */
  customerKey: Uuid | null
  kind: string
  subject: string
  dueAt: Instant
}

/** Notes work for its instant. Work of the same (customer, kind, subject) is moved, not doubled. */
export const schedule = (tx: Tx, app: App, work: Schedule): Promise<number> =>
  insert(tx, app, { works: [work], whenNoted: MOVE })

/** The same for several pieces, no two of them of one name. One statement. */
export const scheduleAll = (tx: Tx, app: App, works: readonly Schedule[]): Promise<number> =>
  insert(tx, app, { works, whenNoted: MOVE })

/** The same, but work that is noted already stays as it is, and its row unlocked. */
export const scheduleUnlessNoted = (tx: Tx, app: App, work: Schedule): Promise<number> =>
  insert(tx, app, { works: [work], whenNoted: sql`do nothing` })

/** Forgets work that has become pointless. It waits for a run that has begun. */
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
  return tx.execute(sql`
    insert into due_work (customer_key, work_key, environment_key, kind, subject, due_at)
    select customer_key, work_key, environment_key, kind, subject, due_at
    from unnest(
      ${works.map(({ customerKey, scope }) => customerKey ?? scope.environmentKey)}::uuid[],
      ${works.map(() => app.ids.next(now))}::uuid[],
      ${works.map(({ scope }) => scope.environmentKey)}::uuid[],
      ${works.map(({ kind }) => kind)}::text[],
      ${works.map(({ subject }) => subject)}::text[],
      ${works.map(({ dueAt }) => instantToWire(dueAt))}::timestamptz[]
    ) as work (customer_key, work_key, environment_key, kind, subject, due_at)
    on conflict (customer_key, kind, subject) ${whenNoted}`)
}

/**
 * Runs everything that is due by the clock's now, one transaction each, until nothing is left.
 * Several processes may do so at once: each piece is locked by one of them. Answers how many ran.
 */
export async function runDueWork(app: App, handlers: WorkHandlers): Promise<number> {
  const now = app.clock.now()
  for (let ran = 0; ; ran += 1) {
    const failed: { work: Work; error: unknown }[] = []
    const found = await app.db
      .transaction((tx) => runNext(tx, app, handlers, now))
      .catch((error) => {
        if (!(error instanceof WorkFailure)) throw error
        failed.push({ work: error.work, error: error.cause })
        return true
      })
    for (const failure of failed) await postpone(app, failure.work, failure.error, now)
    if (!found) return ran
  }
}

class WorkFailure extends Error {
  readonly work: Work
  constructor(work: Work, cause: unknown) {
    super('a piece of due work failed', { cause })
    this.work = work
  }
}

async function runNext(tx: Tx, app: App, handlers: WorkHandlers, now: Instant): Promise<boolean> {
  const work = await lockNext(tx, Object.keys(handlers), now)
  if (work === null) return false
  const handler = handlers[work.kind] as WorkHandler
  try {
    const next = await handler(tx, work, now, app)
    assert(next === null || next > now, 'work asked to run again in the past')
    await (next === null ? remove(tx, work) : postponeTo(tx, work, { dueAt: next, attempts: 0 }))
    return true
  } catch (error) {
    // Whatever it was: work that fails must not stay the first in the queue for ever.
    throw isRetryable(error) ? error : new WorkFailure(work, error)
  }
}

const workRow = row({
  work_key: column.uuid,
  environment_key: column.uuid,
  customer_key: column.uuid,
  kind: column.text,
  subject: column.text,
  due_at: column.instant,
  attempts: column.integer,
})

async function lockNext(tx: Tx, kinds: string[], now: Instant): Promise<Work | null> {
  const found = await tx.maybeOne(
    workRow,
    sql`
    select work_key, environment_key, customer_key, kind, subject, due_at, attempts from due_work
    where due_at <= ${instantToWire(now)}::timestamptz and kind = any(${kinds}::text[])
    order by due_at, work_key limit 1 for update skip locked`,
  )
  return (
    found && {
      workKey: found.work_key,
      scope: { environmentKey: found.environment_key },
      customerKey: found.customer_key,
      kind: found.kind,
      subject: found.subject,
      dueAt: found.due_at,
      attempts: found.attempts,
    }
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
 * In a transaction of its own: if another process has run the work meanwhile, it stays as it is.
 */
async function postpone(app: App, work: Work, error: unknown, now: Instant): Promise<void> {
  const attempts = work.attempts + 1
  const delayMs = Math.min(RETRY_BASE_MS * 2 ** Math.min(attempts, 30), RETRY_LIMIT_MS)
  app.log.error({ err: error, kind: work.kind, subject: work.subject, attempts }, 'due work failed')
  await app.db.transaction((tx) => postponeTo(tx, work, { dueAt: now + delayMs, attempts }))
}
