import { isAbsolute, relative } from 'node:path'
import type { KeySource } from '../server-of.ts'

const ORRERY = '/api/v1/customers/orrery'
/** The dimensions of the requests. The user's budget has a window of a minute. */
const DIMENSIONS = { userId: 'user-jonas-desai', model: 'meridian-4-large', region: 'eu-central' }
const RUN = { customerId: 'orrery', eventName: 'agent_run_finished' }

/** Returns shell commands that show what the demo has created, with explanations. */
export function tourOf(baseUrl: string, source: KeySource, cwd: string): string[] {
  const header = `-H "X-API-KEY: ${keyExpression(source, cwd)}"`
  // Without -g, curl would interpret the brackets of `dimensions[…]` as a pattern.
  const get = (path: string) => `curl -sg ${quote(`${baseUrl}${path}`)} ${header}`
  const post = (path: string, body: object) =>
    `curl -s ${quote(`${baseUrl}${path}`)} ${header} -H 'content-type: application/json' -d ${quote(JSON.stringify(body))}`
  const query = Object.entries(DIMENSIONS)
    .map(([key, value]) => `&dimensions[${key}]=${value}`)
    .join('')
  const entitlement = (verb: string, tokens: number) =>
    `${ORRERY}/entitlements/${verb}?featureId=ai-tokens&requestedUsage=${tokens}${query}`
  return [
    ...(source.kind === 'option' ? ['export BURSAR_API_KEY=…  # the key that you passed', ''] : []),
    '# the customers, the newest first',
    get('/api/v1/customers'),
    '# one of them, with its links to Stripe and HubSpot',
    get(ORRERY),
    '# its plans: one that was replaced, and one with add-ons',
    get('/api/v1/subscriptions?customerId=orrery'),
    '# its teams',
    get(`${ORRERY}/entities?entityTypeId=team&limit=100`),
    '# one agent',
    get(`${ORRERY}/entities/agent-support-responder`),
    '# what entities can be',
    get('/api/v1/entity-types'),
    '# what it may use',
    get(`${ORRERY}/entitlements`),
    '# its budgets, the most used first',
    get(`${ORRERY}/governance?featureIds=ai-tokens&sortBy=utilization&order=desc&limit=10`),
    '# may this person use 5,000 tokens? all budgets on the way up',
    get(entitlement('check', 5000)),
    '# use them: decided and recorded in one step, and once under the same key',
    post(`${ORRERY}/consume`, {
      featureId: 'ai-tokens',
      amount: 5000,
      idempotencyKey: 'tour-1',
      dimensions: DIMENSIONS,
    }),
    '# why 20,000 are too many, and when there is room again',
    get(entitlement('explain', 20_000)),
    '# an agent has finished a run: an event, which a meter counts',
    post('/api/v1/events', {
      events: [
        { ...RUN, idempotencyKey: 'run-1', dimensions: { agentId: 'agent-support-responder' } },
      ],
    }),
    get(`${ORRERY}/entitlements/check?featureId=agent-runs`),
    '# 200 requests a second of all of them, and which budgets deny',
    `npx bursar demo --traffic 200 --url ${quote(baseUrl)}`,
  ]
}

function keyExpression(source: KeySource, cwd: string): string {
  if (source.kind !== 'file') return '$BURSAR_API_KEY'
  const path = relative(cwd, source.file)
  return `$(cat ${quote(path.startsWith('..') || isAbsolute(path) ? source.file : path)})`
}

const quote = (word: string): string =>
  /^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
