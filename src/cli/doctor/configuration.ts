import { type Config, ConfigError, type Environment, readConfig } from '../../config.ts'
import { maskSecret, maskUrl } from '../mask.ts'
import { type Finding, findingsOf } from './finding.ts'

const OWN = /^BURSAR_/
const OF_TOKENS = /^BURSAR_JWT_/
const SECRET = /_(KEY|SECRET|TOKEN|PASSWORD)$/
/** A name that differs in at most this many letters may be a typo. */
const TYPO_DISTANCE = 3

const { ok, warning, broken } = findingsOf('Configuration')

/**
 * Returns a finding for each variable that is set, and the configuration. Invalid variables are
 * omitted from the configuration, so that the doctor can examine everything else.
 */
export function lookAtConfiguration(
  env: Environment,
  cwd: string,
): { config: Config; findings: Finding[] } {
  const known = namesRead()
  const set = Object.keys(env)
    .filter((name) => (OWN.test(name) || known.includes(name)) && (env[name] ?? '') !== '')
    .sort()
  const findings = set.map((name) => lookAtVariable(name, env[name] ?? '', { env, cwd, known }))
  const wrong = new Set(
    findings.filter(({ severity }) => severity === 'broken').map(({ name }) => name),
  )
  const usable = Object.fromEntries(Object.entries(env).filter(([name]) => !wrong.has(name)))
  return {
    config: readConfig(usable, cwd),
    findings: findings.length > 0 ? findings : [ok('variables', 'none is set')],
  }
}

function lookAtVariable(
  name: string,
  value: string,
  from: { env: Environment; cwd: string; known: readonly string[] },
): Finding {
  // The value of an unknown variable may be a secret with a misspelt name.
  if (!from.known.includes(name))
    return warning({ name, value: maskSecret(value) }, `unknown${likely(name, from.known)}`)
  const shown = SECRET.test(name) ? maskSecret(value) : maskUrl(value)
  try {
    // NODE_ENV determines whether some variables are allowed. Variables for tokens are valid only
    // together.
    const { NODE_ENV } = from.env
    readConfig(
      { ...(OF_TOKENS.test(name) && tokensOf(from.env)), [name]: value, NODE_ENV },
      from.cwd,
    )
    return ok(name, shown)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return broken({ name, value: shown }, error.message)
  }
}

const tokensOf = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => OF_TOKENS.test(name)))

/** Returns the variables that the configuration reads. They are recorded, so none is missing. */
function namesRead(): string[] {
  const names = new Set<string>()
  const recorder = new Proxy<Environment>(
    {},
    {
      get: (_, name) => {
        names.add(String(name))
        return undefined
      },
    },
  )
  readConfig(recorder, '/')
  return [...names]
}

function likely(name: string, known: readonly string[]): string {
  const [best] = known
    .map((candidate) => ({ candidate, distance: distance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= TYPO_DISTANCE
    ? `: did you mean ${best.candidate}?`
    : ': Bursar reads no such variable'
}

/** Returns how many letters must be added, removed or changed to turn one word into the other. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
