import {
  createEnvironment,
  createKey,
  ENVIRONMENT_TYPES,
  findEnvironment,
  listEnvironments,
} from '../access/index.ts'
import { oneOf, readArguments, runAction, takePositionals } from './arguments.ts'
import { type Command, CommandError, note, print } from './command.ts'
import { formatTable } from './table.ts'
import { withApp } from './with-app.ts'

export const environmentCommand: Command = {
  summary: 'create and list environments',
  usage: `Usage: bursar environment create <id> [--name <name>] [--type <type>] [--account <id>]
       bursar environment list [--json]

create   makes an environment and a full-access key for it, and prints the secret of that key,
         which is kept nowhere: standard output has nothing else
list     shows the environments of this installation

  --name     its name for display (default: its id)
  --type     ${ENVIRONMENT_TYPES.join(', ')} (default: DEVELOPMENT)
  --account  the account it belongs to, made if need be (default: default)
  --json     as JSON instead of a table`,
  run: runAction({ create, list }),
}

async function create(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, {
    name: { type: 'string' },
    type: { type: 'string', default: 'DEVELOPMENT' },
    account: { type: 'string' },
  })
  const [id = ''] = takePositionals(positionals, 'the id of the environment')
  const type = oneOf('--type', values.type, ENVIRONMENT_TYPES)
  const { key, environment } = await withApp(async (app) => {
    // Every command finds an environment by its id alone, whichever account it belongs to.
    if ((await findEnvironment(app.db.read, id)) !== null)
      throw new CommandError(`an environment with the id ${id} exists already`)
    const made = await createEnvironment(app, {
      id,
      type,
      ...(values.name === undefined ? {} : { displayName: values.name }),
      ...(values.account === undefined ? {} : { accountId: values.account }),
    })
    const input = { kind: 'full-access', name: 'first key' } as const
    return { environment: made, key: await createKey(app, made, input) }
  })
  note(`Environment ${environment.id} (${type}) of the account ${environment.accountId} is made.`)
  note(`Key ${key.keyId} (full-access); its secret, shown this once:`)
  print(key.secret)
  return 0
}

async function list(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, { json: { type: 'boolean', default: false } })
  takePositionals(positionals)
  const found = await withApp((app) => listEnvironments(app.db.read))
  if (values.json) {
    const shown = found.map(({ environmentKey: _, ...environment }) => environment)
    print(JSON.stringify(shown, null, 2))
  } else {
    const rows = found.map((each) => [each.id, each.displayName, each.type, each.accountId])
    print(formatTable(['id', 'name', 'type', 'account'], rows))
  }
  return 0
}
