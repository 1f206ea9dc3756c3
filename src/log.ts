import type { DestinationStream, Logger } from 'pino'
import pino from 'pino'
import type { Log } from './app.ts'
import type { Config } from './config.ts'
import { ApiError } from './kernel/errors.ts'
import { createRepeatedLines, type Gaps } from './kernel/repeated-lines.ts'

/** Thousands of requests may fail at once. One line per second is written for each kind. */
const OF_REQUESTS: Gaps = { first: 1000, last: 1000 }
/** Background work may fail all the time. The gap grows to one line per minute. */
const OF_BACKGROUND: Gaps = { first: 1000, last: 60_000 }
const WARN = 40

/**
 * Returns the fields of an error that are logged. No others are, because errors of the driver
 * contain the connection with its secrets, and statements. A 503 is no defect, so its stack, which
 * has a thousand bytes, is left out.
 */
function errorToLog(error: unknown, isDefect = true): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack, cause } = error
  const hasStack = isDefect && !(error instanceof ApiError)
  return {
    name,
    message,
    code: codeOf(error),
    ...(hasStack && { stack }),
    ...(cause !== undefined && { cause: errorToLog(cause, hasStack) }),
  }
}

const codeOf = (error: Error): unknown => (error as { code?: unknown }).code

/**
 * Creates the log of a process, which writes JSON lines. Of warnings and errors of one kind, it
 * writes one line per second, and `count` is the number of lines that this one stands for.
 */
export function createLog(
  config: Pick<Config, 'logLevel'>,
  destination: DestinationStream,
): Logger {
  const admit = createGate(OF_REQUESTS)
  return pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => errorToLog(error) },
      hooks: {
        logMethod(args, method, level) {
          const [fields, message] = lineOf(args)
          if (level < WARN) method.apply(this, args)
          else admit(`${level}`, { fields, message }, (line) => method.apply(this, line))
        },
      },
    },
    destination,
  )
}

/**
 * Returns the same log for background work. It writes less, because otherwise a database that
 * cannot be reached would fill the disk with log lines.
 */
export function backgroundLog(log: Log): Log {
  const admit = createGate(OF_BACKGROUND)
  const gated =
    (level: 'info' | 'warn' | 'error'): Log['info'] =>
    (fields, message) =>
      admit(level, { fields, message }, (line) => log[level](...line))
  return {
    // Bursar logs each of its own steps once. PostgreSQL logs its steps again with every start that
    // fails.
    info: (fields, message) =>
      'source' in fields ? gated('info')(fields, message) : log.info(fields, message),
    warn: gated('warn'),
    error: gated('error'),
  }
}

type Line = [fields: object, message: string]
type Held = { line: Line; write: (line: Line) => void }
type Admit = (
  level: string,
  line: { fields: object; message: string },
  write: Held['write'],
) => void

function lineOf(args: readonly unknown[]): Line {
  const [first, second] = args
  if (first instanceof Error) return [{ err: first }, String(second ?? first.message)]
  if (typeof first === 'object' && first !== null) return [first, String(second ?? '')]
  return [{}, String(first)]
}

/**
 * Returns a function that writes a line, or holds it while there are too many of its kind. A held
 * line is written later, unless another one of its kind replaces it.
 */
function createGate(gaps: Gaps): Admit {
  const lines = createRepeatedLines<Held>(gaps)
  let timer: NodeJS.Timeout | undefined
  const tick = () => {
    for (const { line: held, count } of lines.due(performance.now())) {
      const [fields, message] = held.line
      held.write([count === 1 ? fields : { ...fields, count }, message])
    }
    if (!lines.isEmpty()) return
    clearInterval(timer)
    timer = undefined
  }
  return (level, { fields, message }, write) => {
    const line: Line = [fields, message]
    if (lines.offer(kindOf(level, fields, message), { line, write }, performance.now())) write(line)
    // The process does not wait for the timer. When it ends, at most the lines that are held then
    // are lost.
    timer ??= setInterval(tick, gaps.first).unref()
  }
}

/**
 * Returns what identifies the kind of a line. It contains nothing that a caller can choose. The
 * message is cut at its first digit, because numbers in messages of PostgreSQL, such as process
 * ids, differ each time.
 */
function kindOf(level: string, fields: object, message: string): string {
  const { err, kind, route } = fields as { err?: unknown; kind?: unknown; route?: unknown }
  return [level, message.split(/\d/, 1)[0], reasonOf(err), kind, route].join('\n')
}

/** Returns the code of the innermost cause of an error, or its name and where it was thrown. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if (error.cause instanceof Error) return reasonOf(error.cause)
  const code = codeOf(error)
  if (error instanceof ApiError) return `${error.status} ${error.message}`
  return typeof code === 'string' ? code : `${error.name} ${error.stack?.split('\n', 2)[1]}`
}
