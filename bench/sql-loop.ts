// A process of the bench: the recorded SQL in a loop, without HTTP. It has one `pg` client for each
// connection of the other sides, but at most as many as the pool has.

import pg from 'pg'
import { answerBench } from './child.ts'
import type { LoopMessage } from './messages.ts'
import { replay } from './replay.ts'
import type { Count, Steps } from './types.ts'

type Lane = { client: pg.Client; recordings: readonly Steps[] }
let open: Lane[] = []

answerBench(async (message: LoopMessage): Promise<Count | null> => {
  if ('run' in message) return runFor(message.run.seconds)
  const { databaseUrl, clients, lanes } = message.open
  const config = { connectionString: databaseUrl, pipeline: true } as pg.ClientConfig
  open = Array.from({ length: Math.min(clients, lanes.length) }, (_, own) => ({
    client: new pg.Client(config),
    recordings: lanes.filter((_, lane) => lane % clients === own).flat(),
  }))
  await Promise.all(open.map(({ client }) => client.connect()))
  return null
})

async function runFor(seconds: number): Promise<Count> {
  const start = performance.now()
  const end = start + seconds * 1000
  const counts = await Promise.all(open.map((lane) => loop(lane, end)))
  return {
    requests: counts.reduce((sum, count) => sum + count, 0),
    seconds: (performance.now() - start) / 1000,
    p99Ms: null,
  }
}

async function loop({ client, recordings }: Lane, end: number): Promise<number> {
  let count = 0
  while (performance.now() < end) {
    await replay(client, recordings[count % recordings.length] ?? [])
    count += 1
  }
  return count
}
