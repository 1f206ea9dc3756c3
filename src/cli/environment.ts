import {
  changeSettings,
  createEnvironment,
  createKey,
  ENVIRONMENT_TYPES,
  findEnvironment,
  findSettings,
  listEnvironments,
  type Settings,
  UNKNOWN_DIMENSIONS,
} from '../access/index.ts'
import { oneOf, readArguments, runAction, takePositionals } from './arguments.ts'
import { type Command, CommandError, UsageError } from './command.ts'
import { formatTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { requireEnvironment, withApp } from './with-app.ts'

export const environmentCommand: Command = {
  summary: 'create, list and set up environments',
  usage: `Usage: bursar environment create <id> [--name <name>] [--type <type>] [--account <id>]
       bursar environment list [--json]
       bursar environment show <id> [--json]
       bursar environment update <id> [--unknown-dimensions <what>] [--allow-origin <origin>]...

create   creates an environment with a full-access key, and prints the secret of the key to
         standard output, and nothing else. The secret is not stored
list     shows the environments of this installation
show     shows the settings of an environment
update   changes the named settings, and shows all settings

  --name                the display name (default: the id)
  --type                ${ENVIRONMENT_TYPES.join(', ')} (default: DEVELOPMENT)
  --account             its account, which is created if necessary (default: default)
  --unknown-dimensions  what happens if the value of a dimension names no entity:
                        ${UNKNOWN_DIMENSIONS.join(', ')} (a new environment has ignore)
  --allow-origin        an origin from which browsers may write, such as https://app.example.com;
                        the named origins replace the list, and "none" empties it
  --json                as JSON instead of a table`,
  run: runAction({ create, list, show, update }),
}

async function create(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    name: { type: 'string' },
    type: { type: 'string', default: 'DEVELOPMENT' },
    account: { type: 'string' },
  })
  const [id = ''] = takePositionals(positionals, 'the id of the environment')
  const type = oneOf('--type', values.type, ENVIRONMENT_TYPES)
  const { key, environment } = await withApp(terminal, async (app) => {
    // Commands find environments by id only, so ids must be unique across accounts.
    if ((await findEnvironment(app.db.read, id)) !== null)
      throw new CommandError(`environment ${id} already exists`)
    const made = await createEnvironment(app, {
      id,
      type,
      ...(values.name === undefined ? {} : { displayName: values.name }),
      ...(values.account === undefined ? {} : { accountId: values.account }),
    })
    const input = { kind: 'full-access', name: 'first key' } as const
    return { environment: made, key: await createKey(app, made, input) }
  })
  terminal.note(
    `Environment ${environment.id} (${type}) of account ${environment.accountId} was created.`,
  )
  terminal.note(`Key ${key.keyId} (full-access); its secret, which is shown only now:`)
  terminal.print(key.secret)
  return 0
}

async function list(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, { json: { type: 'boolean', default: false } })
  takePositionals(positionals)
  const found = await withApp(terminal, (app) => listEnvironments(app.db.read))
  if (values.json) {
    const shown = found.map(({ environmentKey: _, ...environment }) => environment)
    terminal.print(JSON.stringify(shown, null, 2))
  } else {
    const rows = found.map((each) => [each.id, each.displayName, each.type, each.accountId])
    terminal.print(formatTable(['id', 'name', 'type', 'account'], rows))
  }
  return 0
}

async function show(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, { json: { type: 'boolean', default: false } })
  const [id = ''] = takePositionals(positionals, 'the id of the environment')
  const settings = await withApp(terminal, async (app) =>
    findSettings(app.db.read, await requireEnvironment(app, id)),
  )
  printSettings(terminal, settings, values)
  return 0
}

async function update(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    'unknown-dimensions': { type: 'string' },
    'allow-origin': { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
  })
  const [id = ''] = takePositionals(positionals, 'the id of the environment')
  const { 'unknown-dimensions': dimensions, 'allow-origin': origins } = values
  if (dimensions === undefined && origins === undefined)
    throw new UsageError('nothing to change: pass --unknown-dimensions or --allow-origin')
  const input = {
    ...(dimensions !== undefined && {
      unknownDimensions: oneOf('--unknown-dimensions', dimensions, UNKNOWN_DIMENSIONS),
    }),
    allowedOrigins: origins?.join() === 'none' ? [] : origins,
  }
  const settings = await withApp(terminal, async (app) => {
    const scope = await requireEnvironment(app, id)
    return changeSettings({ app, scope, origin: app.origin }, input)
  })
  printSettings(terminal, settings, values)
  return 0
}

function printSettings(terminal: Terminal, settings: Settings, { json }: { json: boolean }): void {
  const { unknownDimensions, allowedOrigins } = settings
  if (json) terminal.print(JSON.stringify(settings, null, 2))
  else
    terminal.print(
      formatTable(
        ['setting', 'value'],
        [
          ['unknown dimensions', unknownDimensions],
          ['allowed origins', allowedOrigins.join(' ') || 'none'],
        ],
      ),
    )
}
