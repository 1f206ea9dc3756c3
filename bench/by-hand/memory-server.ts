// A process of the bench: the check of an entitlement by hand, on states in memory. It answers only
// after a statement has read the versions of all customers whose checks arrived in the same turn.
// It knows one feature with a monthly limit, no trees and no holds.

import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import pg from 'pg'
import { answerBench } from '../child.ts'
import type { ServeByHand } from '../messages.ts'
import { API_KEY } from '../running-server.ts'

type Row = { key: string; version: string; used: string; usage_limit: string }
type State = { key: string; version: string; used: number; limit: number }
type PendingCheck = {
  key: string
  answer: (version: string) => void
  fail: (error: unknown) => void
}
type Check = {
  Params: { id: string }
  Querystring: { featureId: string; requestedUsage?: string }
}

const VERSION = `(select coalesce(max(h.structure_version || ' ' || h.usage_version), '')
  from customer_heads h where h.customer_key = c.customer_key)`
const LOAD = {
  name: 'load',
  text: `select c.customer_key as key, ${VERSION} as version, p.usage_limit, t.sum as used
    from customers c
      join promotional_entitlements p using (customer_key)
      join features f on f.feature_key = p.feature_key and f.id = $2
      join usage_totals t on t.customer_key = c.customer_key and t.feature_key = f.feature_key
        and t.window_start = date_trunc('month', now(), 'UTC')
    where c.id = $1`,
}
const VERSIONS = {
  name: 'versions',
  text: `select c.customer_key as key, ${VERSION} as version
    from unnest($1::uuid[]) as c (customer_key)`,
}

answerBench(async ({ databaseUrl, poolSize }: ServeByHand) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize })
  const states = new Map<string, State>()
  const versionOf = sharedVersions(pool)
  const load = async (id: string, featureId: string): Promise<State | undefined> => {
    const { rows } = await pool.query<Row>({ ...LOAD, values: [id, featureId] })
    const [row] = rows
    if (row === undefined) return undefined
    const { key, version } = row
    const state = { key, version, used: Number(row.used), limit: Number(row.usage_limit) }
    states.set(id, state)
    return state
  }
  const server = Fastify()
  server.get<Check>('/api/v1/customers/:id/entitlements/check', async (request, reply) => {
    if (request.headers['x-api-key'] !== API_KEY) return reply.code(401).send()
    const { id } = request.params
    const { featureId, requestedUsage = '0' } = request.query
    const known = states.get(id)
    const isCurrent = known !== undefined && (await versionOf(known.key)) === known.version
    const state = isCurrent ? known : await load(id, featureId)
    if (state === undefined) return reply.code(404).send()
    return { data: decide(state, featureId, Number(requestedUsage)) }
  })
  await server.listen({ host: '127.0.0.1', port: 0 })
  return (server.server.address() as AddressInfo).port
})

/** About as large as the server's response. */
function decide({ used, limit }: State, featureId: string, requestedUsage: number) {
  const isGranted = used + requestedUsage <= limit
  const now = new Date()
  const resetsAt = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1))
  return {
    type: 'FEATURE',
    isGranted,
    accessDeniedReason: isGranted ? null : 'RequestedUsageExceedingLimit',
    currentUsage: used,
    usageLimit: limit,
    hasUnlimitedUsage: false,
    hasSoftLimit: false,
    requestedUsage,
    resetPeriod: 'MONTH',
    usagePeriodEnd: resetsAt.toISOString(),
    validUntil: resetsAt.toISOString(),
    feature: {
      id: featureId,
      displayName: 'Calls',
      featureType: 'NUMBER',
      meterType: 'INCREMENTAL',
    },
  }
}

/** Checks that wait in the same turn of the event loop share one statement. */
function sharedVersions(pool: pg.Pool): (key: string) => Promise<string> {
  let waiting: PendingCheck[] = []
  const read = async () => {
    const turn = waiting
    waiting = []
    try {
      const keys = [...new Set(turn.map(({ key }) => key))]
      const { rows } = await pool.query<Row>({ ...VERSIONS, values: [keys] })
      const versions = new Map(rows.map(({ key, version }) => [key, version]))
      for (const { key, answer } of turn) answer(versions.get(key) ?? '')
    } catch (error) {
      for (const { fail } of turn) fail(error)
    }
  }
  return (key) =>
    new Promise((answer, fail) => {
      if (waiting.length === 0) setImmediate(read)
      waiting.push({ key, answer, fail })
    })
}
