import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** Where the embedded database reports; a pino logger fits. */
export type EmbeddedLog = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

type Severity = 'info' | 'warn' | 'error'

/** How many of the last lines are kept to explain why a start failed. */
const TAIL_LINES = 40

/** Lines that every start and stop brings; Bursar has its own words for these. */
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
 * Brings PostgreSQL's stderr into the log, line by line, by its severity. Errors that a client
 * caused are left out: the client has them, and they may quote data. Returns the last raw lines.
 */
export function forwardLog(stderr: Readable, log: EmbeddedLog): () => string {
  const tail: string[] = []
  let isMuted = false
  createInterface({ input: stderr }).on('line', (line) => {
    tail.push(line)
    if (tail.length > TAIL_LINES) tail.shift()
    // A continued line, which begins with a tab, shares the fate of the one before.
    if (line.startsWith('\t') && isMuted) return
    const entry = entryOf(line)
    isMuted = entry === null
    if (entry) log[entry.severity]({ source: 'postgres', ...entry.fields }, entry.message)
  })
  return () => tail.join('\n')
}

/** One line of stderr as a log entry, or null when it is not worth one. */
export function entryOf(
  line: string,
): { severity: Severity; message: string; fields: object } | null {
  const match = /^([^|]*)\|([^|]*)\|([A-Z]+\d?):\s+(.*)$/.exec(line)
  // Before its settings are read, PostgreSQL has no prefix; the loader never has.
  if (!match) return line.trim() === '' ? null : { severity: 'warn', message: line, fields: {} }
  const [, backend = '', sqlstate = '', word = '', message = ''] = match
  if (backend === 'client backend' && word !== 'PANIC' && !isOurTrouble(sqlstate)) return null
  // Refused while starting or stopping: whoever called was told, and will call again.
  if (sqlstate.startsWith('57P')) return null
  if (word === 'LOG' && ROUTINE.test(message)) return null
  return { severity: severityOf(word), message, fields: { backend, sqlstate } }
}

/** Classes: insufficient resources, system error, broken settings file, internal error. */
function isOurTrouble(sqlstate: string): boolean {
  return /^(53|58|F0|XX)/.test(sqlstate)
}

function severityOf(word: string): Severity {
  if (word === 'WARNING') return 'warn'
  return ['ERROR', 'FATAL', 'PANIC'].includes(word) ? 'error' : 'info'
}
