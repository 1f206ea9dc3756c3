import { enforceSigning, signingSecret } from '../access/index.ts'
import { oneOf, readArguments, runAction, takePositionals } from './arguments.ts'
import type { Command } from './command.ts'
import type { Terminal } from './terminal.ts'
import { requireEnvironment, withApp } from './with-app.ts'

export const signingCommand: Command = {
  summary: 'let browsers prove which customer they belong to',
  usage: `Usage: bursar signing secret [--environment <id>] [--renew]
       bursar signing enforce <on|off> [--environment <id>]

secret   prints the secret with which your server signs customer tokens, and creates it if
         necessary. Standard output contains nothing else
enforce  on: a publishable key can read nothing without a token in X-CUSTOMER-KEY; off: a token
         that is sent is verified, but none is required

  --environment  the environment (default: default)
  --renew        creates a new secret; tokens signed with the previous one become invalid`,
  run: runAction({ secret, enforce }),
}

async function secret(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    environment: { type: 'string', default: 'default' },
    renew: { type: 'boolean', default: false },
  })
  takePositionals(positionals)
  const { renew } = values
  const made = await withApp(terminal, async (app) =>
    signingSecret(app, await requireEnvironment(app, values.environment), { renew }),
  )
  terminal.note(`The signing secret of the environment ${values.environment}:`)
  terminal.print(made)
  return 0
}

async function enforce(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    environment: { type: 'string', default: 'default' },
  })
  const [wanted = ''] = takePositionals(positionals, 'on or off')
  const isEnforced = oneOf('the argument', wanted, ['on', 'off']) === 'on'
  await withApp(terminal, async (app) =>
    enforceSigning(app, await requireEnvironment(app, values.environment), { isEnforced }),
  )
  const rule = isEnforced ? 'need a customer token' : 'need no customer token'
  terminal.note(`Publishable keys of the environment ${values.environment} ${rule}.`)
  return 0
}
