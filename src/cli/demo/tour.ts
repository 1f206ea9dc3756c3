import { isAbsolute, relative } from 'node:path'
import type { KeySource } from '../server-of.ts'

/** Ready commands that show what the demo has made. */
export function tourOf(baseUrl: string, source: KeySource, cwd: string): string[] {
  const key = keyExpression(source, cwd)
  const get = (path: string) => `curl -s ${quote(`${baseUrl}${path}`)} -H "X-API-KEY: ${key}"`
  return [
    ...(source.kind === 'option' ? ['export BURSAR_API_KEY=…  # the key that you passed', ''] : []),
    '# the customers, the newest first',
    get('/api/v1/customers'),
    '# one of them, with its links to Stripe and HubSpot',
    get('/api/v1/customers/orrery'),
    '# its teams',
    get('/api/v1/customers/orrery/entities?entityTypeId=team&limit=100'),
    '# one agent',
    get('/api/v1/customers/orrery/entities/agent-support-responder'),
    '# what entities can be',
    get('/api/v1/entity-types'),
    '# what the customer may use',
    get('/api/v1/customers/orrery/entitlements'),
    '# whether it may use 500,000 more tokens this month, and why',
    get('/api/v1/customers/orrery/entitlements/explain?featureId=ai-tokens&requestedUsage=500000'),
  ]
}

function keyExpression(source: KeySource, cwd: string): string {
  if (source.kind !== 'file') return '$BURSAR_API_KEY'
  const path = relative(cwd, source.file)
  return `$(cat ${quote(path.startsWith('..') || isAbsolute(path) ? source.file : path)})`
}

const quote = (word: string): string =>
  /^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
