import { randomUUID } from 'node:crypto'
import type { AccessDeniedReason } from '../api.gen.ts'
import type { App } from '../app.ts'
import type { Epochs } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { WrongClock } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Call } from '../operation.ts'
import { countMinutes, type MinuteCounter, type MinuteOf } from './count-minutes.ts'
import { createDenialQueue, type DenialQueue, type QueueBounds } from './queue-denials.ts'
import type { DecisionKind, Denial, DenialCounts } from './types.ts'
import { writeMinutes as write, writeDenials } from './write.ts'

/** Denials that wait take at most about 8 MB of memory. */
const BOUNDS: QueueBounds = { entries: 1000, entriesPerEnvironment: 500, bytes: 8 * 1_048_576 }
/** The interval at which denials are written, in milliseconds of the machine's time. */
const WRITE_MS = 1000
/** Denials per write. So a server writes at most this many a second, however many there are. */
const DENIALS_PER_WRITE = 100
/** Minutes are written at every tenth write, that is every 10 s. */
const WRITES_UNTIL_MINUTES = 10
const MINUTES_PER_WRITE = 1000

/** Notes decisions while requests are handled. No method waits, throws or uses the database. */
export type DecisionNotes = {
  granted(call: Call, kind: DecisionKind): void
  denied(call: Call, kind: DecisionKind, denial: Denial): void
  /** `records` were accepted. */
  recorded(call: Call, records: number): void
}

/** Writes what was noted, in the background. */
export type DecisionWriter = {
  /** Writes one set of what waits. A failure is logged, and never thrown. */
  flush(): Promise<void>
  counts(): DenialCounts
  /** Writes once more and stops. */
  stop(): Promise<void>
}

export type DecisionRecorder = DecisionNotes & {
  /** Starts to write what is noted of this database. */
  start(app: App): DecisionWriter
  /** Writes what this server has noted of the database, so that a read sees it. */
  settle(call: Call): Promise<void>
  /** Returns the counts of this server for minutes that may not be written yet. */
  minutesInMemory(call: Pick<Call, 'app' | 'scope'>): { serverKey: Uuid; minutes: MinuteOf[] }
}

type Notes = {
  queue: DenialQueue
  minutes: MinuteCounter
  serverKey: Uuid
  writer: DecisionWriter | null
}

/** Creates a recorder for all databases of this process. Each `Epochs` has its own notes. */
export function createDecisionRecorder(): DecisionRecorder {
  const ofDatabase = new WeakMap<Epochs, Notes>()
  const notesOf = ({ db }: Pick<App, 'db'>): Notes => {
    const known = ofDatabase.get(db.epochs)
    if (known !== undefined) return known
    const made = {
      queue: createDenialQueue(BOUNDS),
      minutes: countMinutes(),
      serverKey: randomUUID(),
      writer: null,
    }
    ofDatabase.set(db.epochs, made)
    return made
  }
  const decided = (call: Call, kind: DecisionKind, reason: AccessDeniedReason | null) => {
    const { environmentKey } = call.scope
    const at = timeOf(call.app)
    if (at !== null) notesOf(call.app).minutes.decided({ environmentKey, at }, kind, reason)
    return at
  }
  return {
    granted: (call, kind) => {
      decided(call, kind, null)
    },
    denied: (call, kind, denial) => {
      const at = decided(call, kind, denial.reason)
      if (at === null || call.app.config.decisionRows === 0) return
      const { scope, origin } = call
      notesOf(call.app).queue.add({ scope, kind, at, origin, denial })
    },
    recorded: ({ app, scope }, records) => {
      const at = timeOf(app)
      if (at === null) return
      notesOf(app).minutes.recorded({ environmentKey: scope.environmentKey, at }, records)
    },
    start: (app) => {
      const notes = notesOf(app)
      notes.writer = startWriter(app, notes)
      return notes.writer
    },
    settle: async ({ app }) => notesOf(app).writer?.flush(),
    minutesInMemory: ({ app, scope }) => {
      const { serverKey, minutes } = notesOf(app)
      return { serverKey, minutes: minutes.of(scope.environmentKey) }
    },
  }
}

/** Returns the time, or null while the clock is wrong: a request that was decided must not fail. */
function timeOf({ clock }: Pick<App, 'clock'>): Instant | null {
  try {
    return clock.now()
  } catch (error) {
    if (!(error instanceof WrongClock)) throw error
    return null
  }
}

function startWriter(app: App, { queue, minutes, serverKey }: Notes): DecisionWriter {
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  let isStopped = false
  let writes = 0

  const writeWaiting = async () => {
    const entries = queue.take(DENIALS_PER_WRITE)
    if (entries.length === 0) return
    const isWritten = await succeeds(app, () => writeDenials(app, entries))
    queue.settle(entries, isWritten)
  }
  const writeMinutes = async () => {
    const taken = minutes.take(MINUTES_PER_WRITE)
    if (taken.length === 0) return
    const isWritten = await succeeds(app, () => write(app, serverKey, taken))
    minutes.settle(taken, { isWritten, now: timeOf(app) ?? 0 })
  }
  /** One write at a time, so that the count of a denial comes after the denial. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    writing = writing.then(work)
    return writing
  }
  const wait = () => {
    if (isStopped) return
    timer = setTimeout(() => {
      writes += 1
      const isTime = writes % WRITES_UNTIL_MINUTES === 0
      inTurn(writeWaiting)
        .then(() => (isTime ? inTurn(writeMinutes) : undefined))
        .finally(wait)
    }, WRITE_MS)
    timer.unref()
  }
  wait()
  return {
    flush: () => inTurn(writeWaiting),
    counts: queue.counts,
    stop: async () => {
      isStopped = true
      clearTimeout(timer)
      await inTurn(writeWaiting)
      await inTurn(writeMinutes)
    },
  }
}

async function succeeds(app: App, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    app.log.warn({ err: error }, 'noting what was decided failed')
    return false
  }
}
