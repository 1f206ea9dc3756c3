import {
  ACCOUNT_ROLES,
  ENVIRONMENT_ROLES,
  type EnvironmentRole,
  listMembers,
  putMember,
  removeMember,
} from '../access/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import { oneOf, readArguments, runAction, takePositionals } from './arguments.ts'
import { type Command, UsageError } from './command.ts'
import { formatTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { withApp } from './with-app.ts'

export const memberCommand: Command = {
  summary: 'manage the people who may use the API with a token',
  usage: `Usage: bursar member add <user> [--role <role>] [--environment <id>=<role>]...
                               [--account <id>]
       bursar member remove <user> [--account <id>]
       bursar member list [--account <id>] [--json]

A user is named by the subject (sub) of their token. An OWNER is an administrator of every
environment of the account. A MEMBER has a role only in the named environments.

add      adds a member, or changes the roles of a member
remove   removes a member and all their roles at once
list     shows the members of an account

  --role         ${ACCOUNT_ROLES.join(', ')} (default: MEMBER)
  --environment  an environment and a role in it: ${ENVIRONMENT_ROLES.join(', ')}
  --account      the account (default: default)
  --json         as JSON instead of a table`,
  run: runAction({ add, remove, list }),
}

const account = { type: 'string', default: 'default' } as const

async function add(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    account,
    role: { type: 'string', default: 'MEMBER' },
    environment: { type: 'string', multiple: true, default: [] },
  })
  const [userId = ''] = takePositionals(positionals, 'the user')
  const role = oneOf('--role', values.role, ACCOUNT_ROLES)
  const environments = Object.fromEntries(values.environment.map(environmentRole))
  const member = { accountId: values.account, userId, role, environments }
  await withApp(terminal, (app) => putMember(app, member))
  terminal.note(`${userId} is ${role} of the account ${values.account}.`)
  return 0
}

function environmentRole(text: string): [id: string, role: EnvironmentRole] {
  const end = text.lastIndexOf('=')
  if (end <= 0) throw new UsageError(`--environment must be <id>=<role>, not "${text}"`)
  return [text.slice(0, end), oneOf('--environment', text.slice(end + 1), ENVIRONMENT_ROLES)]
}

async function remove(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, { account })
  const [userId = ''] = takePositionals(positionals, 'the user')
  await withApp(terminal, (app) => removeMember(app, { accountId: values.account, userId }))
  terminal.note(`${userId} is no longer a member of account ${values.account}.`)
  return 0
}

async function list(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    account,
    json: { type: 'boolean', default: false },
  })
  takePositionals(positionals)
  const found = await withApp(terminal, (app) => listMembers(app.db.read, values.account))
  const shown = found.map(({ createdAt, ...member }) => ({
    ...member,
    createdAt: instantToWire(createdAt),
  }))
  if (values.json) {
    terminal.print(JSON.stringify(shown, null, 2))
    return 0
  }
  const rows = shown.map(({ userId, role, environments, createdAt }) => [
    userId,
    role,
    Object.entries(environments)
      .map(([id, environment]) => `${id}=${environment}`)
      .join(' '),
    createdAt,
  ])
  terminal.print(formatTable(['user', 'role', 'environments', 'since'], rows))
  return 0
}
