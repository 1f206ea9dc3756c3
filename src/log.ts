import type { DestinationStream, Logger } from 'pino'
import pino from 'pino'
import type { Log } from './app.ts'
import type { Config } from './config.ts'
import { ApiError } from './kernel/errors.ts'
import { createRepeatedLines, type Gaps } from './kernel/repeated-lines.ts'

/** Requests fail by the thousand at once: a line of each kind a second, with a count. */
const OF_REQUESTS: Gaps = { first: 1000, last: 1000 }
/** Background work fails again and again by itself: in the end a line a minute. */
const OF_BACKGROUND: Gaps = { first: 1000, last: 60_000 }
const WARN = 40

/**
 * Only what is named here: errors of the driver carry the connection, its secrets and statements.
 * What is a passing state of ours (a 503) has no stack: it would tell nothing, in a thousand bytes.
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
 * Logs are JSON lines. Their destination is standard error: standard output belongs to the start
 * line and the CLI. Of warnings and errors of one kind there is one line a second; `count` says how
 * many it stands for.
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

/** The same log for what runs by itself: a database that is gone must not fill the disk. */
export function backgroundLog(log: Log): Log {
  const admit = createGate(OF_BACKGROUND)
  const gated =
    (level: 'info' | 'warn' | 'error'): Log['info'] =>
    (fields, message) =>
      admit(level, { fields, message }, (line) => log[level](...line))
  return {
    // Steps of our own come once each; those of PostgreSQL with every start that fails.
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

/** Lets lines through, and holds those of which there are too many. */
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
    // At most the repetitions of the last gap are lost with the process: nothing waits for them.
    timer ??= setInterval(tick, gaps.first).unref()
  }
}

/**
 * What lines are told apart by: nothing that a caller can choose. Numbers in a message of
 * PostgreSQL are those of processes and places.
 */
function kindOf(level: string, fields: object, message: string): string {
  const { err, kind, route } = fields as { err?: unknown; kind?: unknown; route?: unknown }
  return [level, message.split(/\d/, 1)[0], reasonOf(err), kind, route].join('\n')
}

/** The code at the bottom of an error, else its name and where it was thrown. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if (error.cause instanceof Error) return reasonOf(error.cause)
  const code = codeOf(error)
  if (error instanceof ApiError) return `${error.status} ${error.message}`
  return typeof code === 'string' ? code : `${error.name} ${error.stack?.split('\n', 2)[1]}`
}
