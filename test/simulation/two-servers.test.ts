import { test } from 'node:test'
import { openTwoServers, type Tenant, type World } from '../support/world.ts'
import { history } from './arbitrary-moves.ts'
import type { Move } from './moves.ts'
import { OPENING } from './opening.ts'
import { play } from './play.ts'
import { holds } from './rounds.ts'
import { openScene, type Scene } from './scene.ts'

/** The number of histories. Few by default, because CI has little time. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 4)

const servers = await openTwoServers()

const common = { kind: 'check', customerId: 'acme', requested: 1, isBeta: false } as const
/** The checks that both servers get after each move. */
const CHECKS: readonly Move[] = [
  { ...common, capability: 'tokens', dimensions: null },
  {
    ...common,
    capability: 'tokens',
    dimensions: { userId: 'ann', modelId: 'large' },
    isBeta: true,
  },
  { ...common, capability: 'seats', dimensions: { userId: 'ann' } },
  { ...common, capability: 'calls', dimensions: null },
  { ...common, customerId: 'globex', capability: 'tokens', dimensions: null },
]

let keys = 0

/** Calls an environment through a server. Every second POST has an `Idempotency-Key`. */
function through(tenant: Tenant, server: World): Tenant {
  const plain = tenant.through(server)
  const call: Tenant['call'] = (id, request = {}) => {
    keys += 1
    const headers = { ...request.headers, 'idempotency-key': `k${keys}` }
    const isKeyed = keys % 2 === 0 && request.body !== undefined && request.query === undefined
    return plain.call(id, isKeyed ? { ...request, headers } : request)
  }
  return { ...plain, call }
}

test(`${ROUNDS} histories on two servers: after each write both servers answer as the model predicts`, async (t) => {
  let pairs = 0
  await holds(t, { rounds: ROUNDS, values: history }, async (moves) => {
    const scene = await openScene(servers[0])
    const scenes = servers.map(
      (server): Scene => ({ ...scene, tenant: through(scene.tenant, server) }),
    )
    for (const [index, move] of [...OPENING, ...moves].entries()) {
      const [writer, other] = index % 2 === 0 ? scenes : scenes.toReversed()
      if (writer === undefined || other === undefined) return
      await play(writer, move)
      for (const check of CHECKS) await Promise.all([play(other, check), play(writer, check)])
      pairs += 2 * CHECKS.length
    }
  })
  t.diagnostic(`${pairs} checks after writes, none of them stale`)
})
