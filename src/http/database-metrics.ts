import { setTimeout as delay } from 'node:timers/promises'
import { Gauge, type Registry } from 'prom-client'
import type { App } from '../app.ts'
import { type JobGauges, readGauges } from '../jobs/index.ts'
import type { Clock, ClockStatus } from '../kernel/clock.ts'
import { exposeGauge } from './figures.ts'

/**
 * How long gauges of the database are reused, in milliseconds. They are expensive to read and
 * change slowly.
 */
const FRESH_MS = 30_000
/**
 * How long a scrape waits for them, in milliseconds. If they are late, the next scrape shows them.
 */
const WAIT_MS = 250

/** The pool of this server, and the size and due work of the database. */
export function exposeDatabase(registry: Registry, app: App): void {
  exposeGauge(
    registry,
    {
      name: 'bursar_database_connections',
      help: 'Connections of the pool: in use, or idle.',
      label: 'state',
    },
    () => {
      const { total, idle } = app.db.counts()
      return { used: total - idle, idle }
    },
  )
  const ofWaiting = {
    name: 'bursar_database_waiting',
    help: 'Statements and transactions that wait for a connection of the pool.',
  }
  exposeGauge(registry, ofWaiting, () => app.db.counts().waiting)
  exposeGauge(
    registry,
    {
      name: 'bursar_heavy_reads',
      help: 'Reads that may take long: those that have a connection of their share, or wait for it.',
      label: 'state',
    },
    () => {
      const { running, waiting } = app.db.counts().heavy
      return { running, waiting }
    },
  )
  exposeClock(registry, app.clock)
  exposeFigures(registry, keepFresh(app))
}

/** A clock without a reference, such as that of tests, has no lines. */
function exposeClock(registry: Registry, clock: Clock): void {
  const gauge = (name: string, help: string, of: (standing: ClockStatus) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const standing = clock.standing()
        if (standing === null) this.remove()
        else this.set(of(standing))
      },
    })
  gauge(
    'bursar_clock_skew_seconds',
    "How far the machine's clock is ahead of the database's.",
    ({ skewMs }) => skewMs / 1000,
  )
  gauge(
    'bursar_clock_right',
    'Whether the two differ by no more than is allowed; with 0 nothing is decided.',
    ({ isRight }) => Number(isRight),
  )
}

type JobGauge = { name: string; help: string; of: (figures: JobGauges) => number }

const JOB_GAUGES: readonly JobGauge[] = [
  {
    name: 'bursar_database_size_bytes',
    help: 'Size of the whole database on the disk.',
    of: (figures) => figures.databaseBytes,
  },
  {
    name: 'bursar_outbox_size_bytes',
    help: 'Size of the table of what happened, with its indexes.',
    of: (figures) => figures.outboxBytes,
  },
  {
    name: 'bursar_due_work',
    help: 'Pieces of background work that are due; 10000 stands for more.',
    of: (figures) => figures.dueWork,
  },
  {
    name: 'bursar_due_work_age_seconds',
    help: 'For how long the oldest piece of background work has been due.',
    of: (figures) => figures.dueForMs / 1000,
  },
]

function exposeFigures(registry: Registry, fresh: () => Promise<JobGauges | null>): void {
  for (const { name, help, of } of JOB_GAUGES)
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const figures = await fresh()
        // No line is better than an old or invented value.
        if (figures === null) this.remove()
        else this.set(of(figures))
      },
    })
}

/**
 * Returns the gauges of the last half minute, or null if there are none. If they are older, they
 * are read again, once at a time however many scrapes there are.
 */
function keepFresh(app: App): () => Promise<JobGauges | null> {
  let last: { figures: JobGauges | null; askedAt: number } | null = null
  let reading: Promise<void> | null = null
  const read = async () => {
    const askedAt = performance.now()
    last = { figures: await readGauges(app).catch(() => null), askedAt }
    reading = null
  }
  const fresh = () => (last !== null && performance.now() - last.askedAt < FRESH_MS ? last : null)
  return async () => {
    if (fresh() === null) {
      reading ??= read()
      await Promise.race([reading, delay(WAIT_MS, null, { ref: false })])
    }
    return fresh()?.figures ?? null
  }
}
