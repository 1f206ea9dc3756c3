import { parseArgs } from 'node:util'

export type Options = {
  /** null: everything. */
  readonly only: readonly string[] | null
  readonly pairs: number
  /** Length of each half of a pair. */
  readonly seconds: number
  /** Whether checks are measured by the size of what is stored, and nothing else. */
  readonly size: boolean
  /** A commit whose server is measured beside this one's; null: the baselines are. */
  readonly against: string | null
  /** How many minutes the server is loaded with what once broke it; null: not at all. */
  readonly soak: number | null
  /** How many stored events the most are, for that. */
  readonly events: number
}

export const USAGE = `Usage: npm run bench -- [options]

  --only <name>   only this part, repeatable; then nothing is written to bench/results
  --pairs <n>     pairs per scenario (default 7, at least 5 to be written)
  --seconds <n>   seconds of each half of a pair (default 1.5; 0.5 with --size)
  --against <commit>
                  this checkout's server beside that of an earlier commit, instead of beside
                  the baselines
  --soak <minutes>
                  a server of a small heap under everything that once broke one, instead of
                  everything else
  --size          what a check costs by the size of what is stored, instead of everything else
  --events <n>    stored events of the largest customer, with --size (default 10000000; with
                  fewer, nothing is written)
`

/** Fewer are too few to be kept. */
export const LEAST_PAIRS = 5
export const MOST_EVENTS = 10_000_000

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Throws a `UsageError` for an option that is unknown or out of range. */
export function readOptions(argv: readonly string[], names: readonly string[]): Options {
  const { values } = parsed(argv)
  const unknown = (values.only ?? []).filter((name) => !names.includes(name))
  if (unknown.length > 0)
    throw new UsageError(`there is no ${unknown.join(', ')}; the parts are ${names.join(', ')}`)
  const { size } = values
  if (size && values.only !== undefined) throw new UsageError('--size has no parts for --only')
  if (size && values.against !== undefined) throw new UsageError('--size goes without --against')
  if (!size && values.events !== undefined) throw new UsageError('--events goes with --size')
  const events = values.events ?? String(MOST_EVENTS)
  return {
    only: values.only ?? null,
    pairs: numberOf('--pairs', values.pairs, { min: 1, max: 100 }),
    seconds: numberOf('--seconds', values.seconds ?? (size ? '0.5' : '1.5'), {
      min: 0.2,
      max: 600,
    }),
    size,
    against: values.against ?? null,
    soak:
      values.soak === undefined ? null : numberOf('--soak', values.soak, { min: 0.1, max: 1440 }),
    events: numberOf('--events', events, { min: 200_000, max: MOST_EVENTS, whole: true }),
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
        against: { type: 'string' },
        soak: { type: 'string' },
        events: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
