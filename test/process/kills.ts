import assert from 'node:assert/strict'
import { until } from '../support/deadline.ts'
import type { ask } from '../support/keep-alive-client.ts'
import { postmasterOf, processesOn } from '../support/processes.ts'
import { type Place, signal } from '../support/server-process.ts'

/** What runs now; whoever calls looks here for where to send to. */
export type ServerHolder = { server: Awaited<ReturnType<Place['start']>> }

const postmaster = (place: Place): Promise<number> =>
  until('a database that is ready', () => postmasterOf(place.dataDir))

async function killServer(place: Place, running: ServerHolder): Promise<void> {
  running.server.kill('SIGKILL')
  await running.server.end()
  running.server = await place.start()
}

export async function killDatabase(place: Place): Promise<void> {
  signal(await postmaster(place), 'SIGKILL')
}

/** One of the database's processes: the postmaster then ends all others and recovers. */
async function killBackend(place: Place): Promise<void> {
  const backend = await until('a connected backend', () => {
    const found = processesOn(place.dataDir).find(({ title }) => title.endsWith('INSERT'))
    return (
      found ?? processesOn(place.dataDir).find(({ title }) => title.includes('[local]')) ?? null
    )
  })
  signal(backend.pid, 'SIGKILL')
}

/** Server and database at once, the whole database included: what a power cut leaves of them. */
async function killEverything(place: Place, running: ServerHolder): Promise<void> {
  await postmaster(place)
  for (const { pid } of processesOn(place.dataDir)) signal(pid, 'SIGKILL')
  await running.server.end()
  running.server = await place.start()
}

/** Every way to lose what runs; afterwards the server is there, and the database comes back. */
export const KILLS: Readonly<
  Record<string, (place: Place, running: ServerHolder) => Promise<void>>
> = {
  'the server': killServer,
  'the database': killDatabase,
  'one backend of the database': killBackend,
  everything: killEverything,
}

/** Takes the database away. Asserts that the server refuses the call and says when to try again. */
export async function assertRefusedWithoutDatabase(
  place: Place,
  call: () => ReturnType<typeof ask>,
): Promise<void> {
  const refused = await until('a refusal', async () => {
    // The database may be back before the question is asked: then it is taken away again.
    await killDatabase(place)
    const answer = await call()
    return answer.status === 503 ? answer : null
  })
  assert.ok(Number(refused.headers['retry-after']) >= 1)
  assert.equal(refused.body.code, null)
}
