import { parseArgs } from 'node:util'

export type Options = {
  /** null: everything. */
  readonly only: readonly string[] | null
  readonly pairs: number
  /** Length of each half of a pair. */
  readonly seconds: number
}

export const USAGE = `Usage: npm run bench -- [options]

  --only <name>   only this part, repeatable; then nothing is written to bench/results
  --pairs <n>     pairs per scenario (default 7, at least 5 to be written)
  --seconds <n>   seconds of each half of a pair (default 1.5)
`

/** Fewer are too few to be kept. */
export const LEAST_PAIRS = 5

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
  return {
    only: values.only ?? null,
    pairs: numberOf('--pairs', values.pairs, { min: 1, max: 100 }),
    seconds: numberOf('--seconds', values.seconds, { min: 0.2, max: 600 }),
  }
}

function numberOf(name: string, text: string, range: { min: number; max: number }): number {
  const number = Number(text)
  if (number >= range.min && number <= range.max) return number
  throw new UsageError(`${name} must be a number from ${range.min} to ${range.max}`)
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string', multiple: true },
        pairs: { type: 'string', default: '7' },
        seconds: { type: 'string', default: '1.5' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
