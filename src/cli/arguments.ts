import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from './command.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** Options and positionals of a command line. A `UsageError` for an option that is not listed. */
export function readArguments<const O extends Options>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    // What follows is about positionals that begin with a dash, which no command has.
    throw new UsageError((error as Error).message.split('. To specify')[0])
  }
}

/** As many positionals as have names; a `UsageError` that names the one missing or too many. */
export function takePositionals(positionals: readonly string[], ...names: string[]): string[] {
  const missing = names[positionals.length]
  if (missing !== undefined) throw new UsageError(`${missing} is missing`)
  const extra = positionals[names.length]
  if (extra !== undefined) throw new UsageError(`"${extra}" is one argument too many`)
  return [...positionals]
}

/** The value, which must be one of the words. */
export function oneOf<T extends string>(name: string, value: string, words: readonly T[]): T {
  const word = words.find((candidate) => candidate === value)
  if (word === undefined)
    throw new UsageError(`${name} must be one of ${words.join(', ')}, not "${value}"`)
  return word
}

type Action = (args: readonly string[]) => Promise<number>

/** Runs the action that the first argument names. */
export const runAction =
  (actions: Readonly<Record<string, Action>>) =>
  (args: readonly string[]): Promise<number> => {
    const [name, ...rest] = args
    const names = Object.keys(actions).join(', ')
    if (name === undefined) throw new UsageError(`say which of ${names}`)
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (action === undefined) throw new UsageError(`"${name}" is not one of ${names}`)
    return action(rest)
  }
