import { parseArgs } from 'node:util'

export type Options = {
  /** Null means everything. */
  readonly only: readonly string[] | null
  readonly pairs: number
  /** The length of each half of a pair. */
  readonly seconds: number
  /** Whether to measure checks by the amount of stored data instead of the scenarios. */
  readonly size: boolean
  /** The commits to compare with. Empty means the baselines. */
  readonly against: readonly string[]
  /** The length of the soak test in minutes. Null means no soak test. */
  readonly soak: number | null
  /** With `size`, the stored events of the largest customer. */
  readonly events: number
  /** How many subscriptions the task moves. */
  readonly subscriptions: number
}

export const USAGE = `Usage: npm run bench -- [options]

  --only <name>   only this part, repeatable; then nothing is written to bench/results
  --pairs <n>     pairs per scenario (default 7, at least 5 to be written)
  --seconds <n>   seconds of each half of a pair (default 1.5; 0.5 with --size)
  --against <commit>
                  this checkout's server beside that of an earlier commit, repeatable, instead
                  of beside the baselines
  --soak <minutes>
                  a server of a small heap under everything that once broke one, instead of
                  everything else
  --size          what a check costs by the size of what is stored, instead of everything else
  --events <n>    stored events of the largest customer, with --size (default 10000000; with
                  fewer, nothing is written)
  --subscriptions <n>
                  subscriptions that a task moves (default 2000; with others, nothing is written)
`

/** The results of fewer pairs are not stored. */
export const MIN_PAIRS = 5
export const MAX_EVENTS = 10_000_000
/** The results of a task over another number of subscriptions are not stored. */
export const SUBSCRIPTIONS = 2000

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Returns the options. Throws a `UsageError` if one is unknown or out of range. */
export function readOptions(argv: readonly string[], names: readonly string[]): Options {
  const { values } = parsed(argv)
  const unknown = (values.only ?? []).filter((name) => !names.includes(name))
  if (unknown.length > 0)
    throw new UsageError(`there is no ${unknown.join(', ')}; the parts are ${names.join(', ')}`)
  const { size } = values
  if (size && values.only !== undefined) throw new UsageError('--size has no parts for --only')
  if (size && values.against !== undefined) throw new UsageError('--size goes without --against')
  if (!size && values.events !== undefined) throw new UsageError('--events goes with --size')
  const events = values.events ?? String(MAX_EVENTS)
  return {
    only: values.only ?? null,
    pairs: numberOf('--pairs', values.pairs, { min: 1, max: 100 }),
    seconds: numberOf('--seconds', values.seconds ?? (size ? '0.5' : '1.5'), {
      min: 0.2,
      max: 600,
    }),
    size,
    against: values.against ?? [],
    soak:
      values.soak === undefined ? null : numberOf('--soak', values.soak, { min: 0.1, max: 1440 }),
    events: numberOf('--events', events, { min: 200_000, max: MAX_EVENTS, whole: true }),
    subscriptions: numberOf('--subscriptions', values.subscriptions, {
      min: 1000,
      max: 1_000_000,
      whole: true,
    }),
  }
}

function numberOf(
  name: string,
  text: string,
  { min, max, whole = false }: { min: number; max: number; whole?: boolean },
): number {
  const number = Number(text)
  if (number >= min && number <= max && (!whole || Number.isInteger(number))) return number
  throw new UsageError(`${name} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}`)
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string', multiple: true },
        pairs: { type: 'string', default: '7' },
        seconds: { type: 'string' },
        size: { type: 'boolean', default: false },
        against: { type: 'string', multiple: true },
        soak: { type: 'string' },
        events: { type: 'string' },
        subscriptions: { type: 'string', default: String(SUBSCRIPTIONS) },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
