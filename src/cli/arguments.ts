import { type ParseArgsConfig, parseArgs } from 'node:util'
import { type Command, UsageError } from './command.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/**
 * Returns the options and positionals of a command line. Throws a `UsageError` if an option is
 * unknown.
 */
export function readArguments<const O extends Options>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    // The rest of the message is about positionals that begin with a dash. No command has them.
    throw new UsageError((error as Error).message.split('. To specify')[0])
  }
}

/**
 * Returns the positionals. Throws a `UsageError` unless there are as many as `names`. The names are
 * for its message.
 */
export function takePositionals(positionals: readonly string[], ...names: string[]): string[] {
  const missing = names[positionals.length]
  if (missing !== undefined) throw new UsageError(`${missing} is missing`)
  const extra = positionals[names.length]
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`)
  return [...positionals]
}

/** Returns the options of an action that lists what an environment has. */
export function readListArguments(args: readonly string[]) {
  const { values, positionals } = readArguments(args, {
    environment: { type: 'string', default: 'default' },
    json: { type: 'boolean', default: false },
  })
  takePositionals(positionals)
  return values
}

/** Returns the value. Throws a `UsageError` unless it is one of the words. */
export function oneOf<T extends string>(name: string, value: string, words: readonly T[]): T {
  const word = words.find((candidate) => candidate === value)
  if (word === undefined)
    throw new UsageError(`${name} must be one of ${words.join(', ')}, not "${value}"`)
  return word
}

type Action = Command['run']

/** Runs the action with the name in the first argument. Throws a `UsageError` if there is none. */
export const runAction =
  (actions: Readonly<Record<string, Action>>): Action =>
  (args, terminal) => {
    const [name, ...rest] = args
    const names = Object.keys(actions).join(', ')
    if (name === undefined) throw new UsageError(`an argument is missing: one of ${names}`)
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (action === undefined) throw new UsageError(`"${name}" is not one of ${names}`)
    return action(rest, terminal)
  }
