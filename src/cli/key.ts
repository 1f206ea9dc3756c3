import {
  type ApiKey,
  createAuthenticator,
  createKey,
  GRACES,
  type Grace,
  KEY_KINDS,
  type KeyWithSecret,
  listKeys,
  readKeyFile,
  revokeKey,
  rotateKey,
  writeKeyFile,
} from '../access/index.ts'
import type { App } from '../app.ts'
import { type Instant, instantOrNullToWire, instantToWire, systemClock } from '../kernel/clock.ts'
import { oneOf, readArguments, readListArguments, runAction, takePositionals } from './arguments.ts'
import { type Command, UsageError } from './command.ts'
import { formatTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { requireEnvironment, withApp } from './with-app.ts'

const GRACE_NAMES = Object.keys(GRACES) as Grace[]
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const EXPIRY = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/

const usage = `Usage: bursar key create [--environment <id>] [--kind <kind>] [--name <name>]
                         [--expires <time>]
       bursar key list [--environment <id>] [--json]
       bursar key rotate <keyId> [--grace <grace>]
       bursar key revoke <keyId>

create   creates a key and prints its secret to standard output, and nothing else. The secret is not
         stored
list     shows the keys of an environment, without their secrets
rotate   creates a new secret for a key; the old one keeps working for the grace period
revoke   ends a key at once and for ever

  --environment  the environment of the key (default: default)
  --kind         ${KEY_KINDS.join(', ')} (default: full-access)
  --name         what the key is for (default: its kind)
  --expires      when it expires: 2027-01-31 (at 00:00 UTC) or 2027-01-31T12:00:00Z
  --grace        how long the old secret works: ${GRACE_NAMES.join(', ')} (default: now)
  --json         as JSON instead of a table`

export const keyCommand: Command = {
  summary: 'create, list, rotate and revoke API keys',
  usage,
  run: runAction({ create, list, rotate, revoke }),
}

async function create(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    environment: { type: 'string', default: 'default' },
    kind: { type: 'string', default: 'full-access' },
    name: { type: 'string' },
    expires: { type: 'string' },
  })
  takePositionals(positionals)
  const kind = oneOf('--kind', values.kind, KEY_KINDS)
  const expires = values.expires === undefined ? {} : { expiresAt: expiryOf(values.expires) }
  const key = await withApp(terminal, async (app) => {
    const scope = await requireEnvironment(app, values.environment)
    return createKey(app, scope, { kind, name: values.name ?? kind, ...expires })
  })
  showSecret(terminal, key, `in the environment ${values.environment}`)
  return 0
}

async function list(args: readonly string[], terminal: Terminal): Promise<number> {
  const values = readListArguments(args)
  const keys = await withApp(terminal, async (app) => {
    const found = await listKeys(app.db.read, await requireEnvironment(app, values.environment))
    return found.map((key) => keyToShow(key, app.clock.now()))
  })
  if (values.json) terminal.print(JSON.stringify(keys, null, 2))
  else {
    const rows = keys.map((key) => [
      key.id,
      key.name,
      key.kind,
      `${key.prefix}…`,
      key.state,
      key.createdAt,
      key.expiresAt ?? '-',
      key.lastUsedAt ?? '-',
    ])
    terminal.print(
      formatTable(['id', 'name', 'kind', 'prefix', 'state', 'created', 'expires', 'used'], rows),
    )
  }
  return 0
}

async function rotate(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, {
    grace: { type: 'string', default: 'now' },
  })
  const keyId = keyIdOf(positionals)
  const graceMs = GRACES[oneOf('--grace', values.grace, GRACE_NAMES)]
  const { key, kept } = await withApp(terminal, async (app) => {
    const where = await storedWhere(app, keyId)
    const made = await rotateKey(app, keyId, graceMs)
    if (where === 'file') await writeKeyFile(app.config.dataDir, made.secret)
    return { key: made, kept: where }
  })
  showSecret(
    terminal,
    key,
    `in place of ${keyId}, which ends ${graceMs === 0 ? 'now' : `in ${values.grace}`}`,
  )
  if (kept === 'variable')
    terminal.note('BURSAR_API_KEY still has the old secret: put the new one there.')
  return 0
}

async function revoke(args: readonly string[], terminal: Terminal): Promise<number> {
  const keyId = keyIdOf(readArguments(args, {}).positionals)
  const kept = await withApp(terminal, async (app) => {
    const where = await storedWhere(app, keyId)
    await revokeKey(app, keyId)
    return where
  })
  terminal.note(`The key ${keyId} is revoked.`)
  if (kept === 'variable')
    terminal.note(
      'BURSAR_API_KEY still has its secret: put another one there before the next start.',
    )
  if (kept === 'file') terminal.note('The next start creates a new key in its place.')
  return 0
}

/** Returns where this machine stores the secret of a key, or null if it does not. */
async function storedWhere(app: App, keyId: string): Promise<'variable' | 'file' | null> {
  const { keys } = createAuthenticator(app)
  const isHere = async (secret: string | null) =>
    secret !== null && (await keys.find(secret))?.keyId === keyId
  if (await isHere(app.config.apiKey)) return 'variable'
  return (await isHere(await readKeyFile(app.config.dataDir))) ? 'file' : null
}

/** Prints only the secret to standard output, so that a script can capture it. */
function showSecret(terminal: Terminal, key: KeyWithSecret, where: string): void {
  terminal.note(
    `Key ${key.keyId} (${key.kind}, ${key.name}) ${where}; its secret, which is shown only now:`,
  )
  terminal.print(key.secret)
}

function keyIdOf(positionals: readonly string[]): string {
  const [keyId = ''] = takePositionals(positionals, 'the id of the key')
  if (!UUID.test(keyId))
    throw new UsageError(`"${keyId}" is not the id of a key: bursar key list shows the ids`)
  return keyId.toLowerCase()
}

function expiryOf(text: string): Instant {
  const instant = EXPIRY.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(instant))
    throw new UsageError(
      `--expires must be an instant such as 2027-01-31 or 2027-01-31T12:00:00Z, not "${text}"`,
    )
  if (instant <= systemClock.now()) throw new UsageError(`--expires is in the past: ${text}`)
  return instant
}

/** `Date.parse` accepts 31 February as a day in March. */
const isDay = (text: string): boolean =>
  !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)

type KeyState = 'active' | 'expiring' | 'expired' | 'revoked'

/** Returns the state of a key. `expiring`: it is valid, but has an expiry. Expiry is exclusive. */
export function keyState(key: ApiKey, now: Instant): KeyState {
  if (key.revokedAt !== null) return 'revoked'
  if (key.expiresAt === null) return 'active'
  return now < key.expiresAt ? 'expiring' : 'expired'
}

const keyToShow = (key: ApiKey, now: Instant) => ({
  id: key.keyId,
  name: key.name,
  kind: key.kind,
  prefix: key.prefix,
  state: keyState(key, now),
  createdAt: instantToWire(key.createdAt),
  expiresAt: instantOrNullToWire(key.expiresAt),
  revokedAt: instantOrNullToWire(key.revokedAt),
  lastUsedAt: instantOrNullToWire(key.lastUsedAt),
})
