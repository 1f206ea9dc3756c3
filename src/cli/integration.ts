import { addIntegration, listIntegrations, VENDORS } from '../customers/index.ts'
import { oneOf, readArguments, readListArguments, runAction, takePositionals } from './arguments.ts'
import { type Command, UsageError } from './command.ts'
import { formatTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { requireEnvironment, withApp } from './with-app.ts'

/** The limit of the API document. */
const MAX_ID_LENGTH = 255

export const integrationCommand: Command = {
  summary: 'register and list the external systems that customers are linked to',
  usage: `Usage: bursar integration add <id> --vendor <vendor> [--environment <id>]
       bursar integration list [--environment <id>] [--json]

add    registers an integration. An existing one is kept. This is only needed with
       BURSAR_STRICT_INTEGRATIONS=1; otherwise the first link to an integration registers it
list   shows the integrations of an environment

  --vendor       ${VENDORS.slice(0, 5).join(', ')},
                 ${VENDORS.slice(5, 10).join(', ')},
                 ${VENDORS.slice(10).join(', ')}
  --environment  the environment (default: default)
  --json         as JSON instead of a table`,
  run: runAction({ add, list }),
}

async function add(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    environment: { type: 'string', default: 'default' },
    vendor: { type: 'string' },
  })
  const [id = ''] = takePositionals(positionals, 'the id of the integration')
  if (id === '' || id.length > MAX_ID_LENGTH)
    throw new UsageError(`the id of an integration has 1 to ${MAX_ID_LENGTH} characters`)
  if (values.vendor === undefined) throw new UsageError('--vendor is missing')
  const vendor = oneOf('--vendor', values.vendor, VENDORS)
  await withApp(terminal, async (app) => {
    const scope = await requireEnvironment(app, values.environment)
    await addIntegration(app, scope, { id, vendor })
  })
  terminal.note(
    `Integration ${id} (${vendor}) is registered in the environment ${values.environment}.`,
  )
  return 0
}

async function list(args: readonly string[], terminal: Terminal): Promise<number> {
  const values = readListArguments(args)
  const found = await withApp(terminal, async (app) =>
    listIntegrations(app, await requireEnvironment(app, values.environment)),
  )
  if (values.json) terminal.print(JSON.stringify(found, null, 2))
  else
    terminal.print(
      formatTable(
        ['id', 'vendor'],
        found.map(({ id, vendor }) => [id, vendor]),
      ),
    )
  return 0
}
