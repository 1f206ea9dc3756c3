// A process of the bench: bare Fastify on a plain pool of `pg`, with a route that runs the recorded
// SQL of a call, and a route that runs none.

import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import pg from 'pg'
import { answerBench } from './child.ts'
import { type ServeBaseline, STATIC_PATH } from './messages.ts'
import { replay } from './replay.ts'
import type { Steps, Turn } from './types.ts'

/** A response like that of the real server to the retrieval of an entity, of the same size. */
const STATIC_ANSWER = {
  data: {
    id: 'entity-00000001',
    typeId: 'bench-seat',
    entityTypeId: 'bench-seat',
    displayName: 'Entity 1',
    metadata: { team: 'platform', region: 'eu-central-1', seat: 'A-1', step: '0' },
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    archivedAt: null,
  },
}

answerBench(async ({ databaseUrl, poolSize, lanes }: ServeBaseline) => {
  // With pipelining, like the server. Otherwise statements could not be sent together.
  const config = { connectionString: databaseUrl, max: poolSize, pipeline: true }
  const pool = new pg.Pool(config as pg.PoolConfig)
  const server = Fastify()
  const turns = lanes.flat()
  const next = recordingsInTurn(turns)
  for (const { method, route } of distinctRoutes(turns)) {
    server.route({
      method,
      url: route,
      handler: async (request) => {
        const recording = next(`${request.method} ${request.url}`)
        const client = await pool.connect()
        try {
          return { data: await replay(client, recording) }
        } finally {
          client.release()
        }
      },
    })
  }
  server.get(STATIC_PATH, async () => STATIC_ANSWER)
  await server.listen({ host: '127.0.0.1', port: 0 })
  return (server.server.address() as AddressInfo).port
})

const distinctRoutes = (turns: readonly Turn[]): Turn[] => [
  ...new Map(turns.map((turn) => [`${turn.method} ${turn.route}`, turn])).values(),
]

/** Only one connection uses a path, and it sends its requests in the order of the recordings. */
function recordingsInTurn(turns: readonly Turn[]): (key: string) => Steps {
  const byKey = new Map<string, { recordings: Steps[]; taken: number }>()
  for (const turn of turns) {
    const key = `${turn.method} ${turn.path}`
    const entry = byKey.get(key) ?? { recordings: [], taken: 0 }
    entry.recordings.push(turn.recording)
    byKey.set(key, entry)
  }
  return (key) => {
    const entry = byKey.get(key)
    const recording = entry?.recordings[entry.taken % entry.recordings.length]
    if (entry === undefined || recording === undefined) throw new Error(`no recording of ${key}`)
    entry.taken += 1
    return recording
  }
}
