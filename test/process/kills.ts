import assert from 'node:assert/strict'
import { until } from '../support/deadline.ts'
import type { ask } from '../support/keep-alive-client.ts'
import { postmasterOf, processesOn } from '../support/processes.ts'
import { type Place, signal } from '../support/server-process.ts'

/** The server that runs now. Callers read its address here. */
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

/** Kills one process of the database. Its postmaster then ends all others and recovers. */
async function killBackend(place: Place): Promise<void> {
  const backend = await until('a connected backend', () => {
    const found = processesOn(place.dataDir).find(({ title }) => title.endsWith('INSERT'))
    return (
      found ?? processesOn(place.dataDir).find(({ title }) => title.includes('[local]')) ?? null
    )
  })
  signal(backend.pid, 'SIGKILL')
}

/** Kills the server and all processes of the database at once, as a power cut does. */
async function killEverything(place: Place, running: ServerHolder): Promise<void> {
  await postmaster(place)
  for (const { pid } of processesOn(place.dataDir)) signal(pid, 'SIGKILL')
  await running.server.end()
  running.server = await place.start()
}

/** All ways to kill processes. Afterwards a server runs, and the database comes back. */
export const KILLS: Readonly<
  Record<string, (place: Place, running: ServerHolder) => Promise<void>>
> = {
  'the server': killServer,
  'the database': killDatabase,
  'one backend of the database': killBackend,
  everything: killEverything,
}

/** Kills the database. Asserts that the server refuses the call with 503 and `Retry-After`. */
export async function assertRefusedWithoutDatabase(
  place: Place,
  call: () => ReturnType<typeof ask>,
): Promise<void> {
  const refused = await until('a refusal', async () => {
    // If the database is back before the request is sent, it is killed again.
    await killDatabase(place)
    const answer = await call()
    return answer.status === 503 ? answer : null
  })
  assert.ok(Number(refused.headers['retry-after']) >= 1)
  assert.equal(refused.body.code, null)
}
