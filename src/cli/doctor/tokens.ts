import type { TokenConfig } from '../../config.ts'
import { type Finding, findingsOf } from './finding.ts'

const TIMEOUT_MS = 2000

/** Shown for a claim that no variable restricts. */
const ANY_VALUE = 'any'

const { ok, warning, broken } = findingsOf('Tokens')

/** Shows which tokens are accepted. Checks whether their key set can be fetched from here. */
export async function lookAtTokens(config: TokenConfig | null): Promise<Finding[]> {
  if (config === null) return [ok('tokens', 'not accepted, only API keys')]
  const { issuer, audience, jwksUrl } = config
  return [
    issuer === null
      ? warning(
          { name: 'issuer', value: ANY_VALUE },
          'set BURSAR_JWT_ISSUER: tokens of other issuers are accepted, too',
        )
      : ok('issuer', issuer),
    audience === null
      ? warning(
          { name: 'audience', value: ANY_VALUE },
          'set BURSAR_JWT_AUDIENCE: tokens for other applications are accepted, too',
        )
      : ok('audience', audience),
    jwksUrl === null ? ok('keys', 'BURSAR_JWT_PUBLIC_KEY') : await lookAtKeySet(jwksUrl),
  ]
}

async function lookAtKeySet(url: string): Promise<Finding> {
  const found = { name: 'key set', value: new URL(url).origin }
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) return broken(found, `it answers ${response.status}: nobody can sign in`)
    const { keys } = (await response.json()) as { keys?: unknown }
    if (!Array.isArray(keys)) return broken(found, 'its response is not a key set')
    return ok('key set', `${found.value} (${keys.length} ${keys.length === 1 ? 'key' : 'keys'})`)
  } catch (error) {
    const { cause, message } = error as Error
    const reason = cause instanceof Error ? cause.message : message
    return broken(found, `it cannot be fetched: ${reason}; tokens are refused without it`)
  }
}
