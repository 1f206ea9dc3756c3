import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** The log to which the embedded database writes, such as a pino logger. */
export type EmbeddedLog = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

type Severity = 'info' | 'warn' | 'error'

/** How many of the last lines are kept, to explain why a start failed. */
const TAIL_LINES = 40

/** The lines of every start and stop. They are omitted, because Bursar logs starts and stops. */
const ROUTINE = new RegExp(
  [
    '^starting PostgreSQL',
    '^listening on Unix socket',
    '^database system was shut down at',
    '^database system is (ready to accept connections|shut down)',
    '^received (fast|immediate) shutdown request',
    '^aborting any active transactions',
    '^shutting down',
    '^background worker "logical replication launcher"',
  ].join('|'),
)

/**
 * Writes the lines of PostgreSQL's stderr to the log with their severity. Errors that a client
 * caused are omitted, because the client receives them, and they may quote data. Returns a function
 * that returns the last raw lines.
 */
export function forwardLog(stderr: Readable, log: EmbeddedLog): () => string {
  const tail: string[] = []
  let isMuted = false
  createInterface({ input: stderr }).on('line', (line) => {
    tail.push(line)
    if (tail.length > TAIL_LINES) tail.shift()
    // A line that begins with a tab continues the one before and is omitted together with it.
    if (line.startsWith('\t') && isMuted) return
    const entry = entryOf(line)
    isMuted = entry === null
    if (entry) log[entry.severity]({ source: 'postgres', ...entry.fields }, entry.message)
  })
  return () => tail.join('\n')
}

/** Returns the log entry for a line of stderr, or null if the line is omitted. */
export function entryOf(
  line: string,
): { severity: Severity; message: string; fields: object } | null {
  const match = /^([^|]*)\|([^|]*)\|([A-Z]+\d?):\s+(.*)$/.exec(line)
  // PostgreSQL writes no prefix before it has read its settings. The dynamic loader never does.
  if (!match) return line.trim() === '' ? null : { severity: 'warn', message: line, fields: {} }
  const [, backend = '', sqlstate = '', word = '', message = ''] = match
  if (backend === 'client backend' && word !== 'PANIC' && !isServerError(sqlstate)) return null
  // A connection was refused during a start or stop. The client got the error and will retry.
  if (sqlstate.startsWith('57P')) return null
  if (word === 'LOG' && ROUTINE.test(message)) return null
  return { severity: severityOf(word), message, fields: { backend, sqlstate } }
}

/** Classes: insufficient resources, system error, configuration file error, internal error. */
function isServerError(sqlstate: string): boolean {
  return /^(53|58|F0|XX)/.test(sqlstate)
}

function severityOf(word: string): Severity {
  if (word === 'WARNING') return 'warn'
  return ['ERROR', 'FATAL', 'PANIC'].includes(word) ? 'error' : 'info'
}
