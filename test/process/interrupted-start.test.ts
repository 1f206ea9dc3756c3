import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { until } from '../support/deadline.ts'
import { customerCall, done } from '../support/entity-calls.ts'
import { clusterDirOf, postmasterOf, processesOn } from '../support/processes.ts'
import { openPlace, type Place, type ServerProcess } from '../support/server-process.ts'

/** Steps of a first start in their order, and how to see that one is reached. */
const MOMENTS: Readonly<Record<string, (place: Place) => boolean>> = {
  'node has just begun': (place) => processesOn(place.dataDir).length > 0,
  'the data directory appears': (place) => existsSync(place.dataDir),
  'the cluster is being created': (place) => homeOf(place).some((name) => name.includes('draft')),
  'the cluster exists': (place) => existsSync(clusterDirOf(place.dataDir)),
  'the database is ready': (place) => postmasterOf(place.dataDir) !== null,
}

function homeOf(place: Place): string[] {
  try {
    return readdirSync(dirname(clusterDirOf(place.dataDir)))
  } catch {
    return []
  }
}

/** Launches a first start and waits until it has reached a step. */
async function launchUntil(place: Place, moment: string): Promise<ServerProcess> {
  const server = place.launch()
  await until(moment, () => {
    assert.ok(!server.hasEnded(), server.stderr())
    return MOMENTS[moment]?.(place) ?? false
  })
  return server
}

/** Asserts that the next start succeeds, whatever the interrupted one has left. */
async function assertStarts(place: Place): Promise<void> {
  const server = await place.start()
  await done(server.url, customerCall('acme'))
  server.kill('SIGTERM')
  assert.deepEqual(await server.end(), { code: 0, signal: null })
  assert.deepEqual(place.processes(), [])
  assert.deepEqual(
    homeOf(place).filter((name) => name.includes('draft')),
    [],
  )
}

for (const moment of Object.keys(MOMENTS)) {
  test(`SIGTERM when ${moment} leaves nothing behind, and the next start works`, async (t) => {
    const place = openPlace(t, { isNew: true })
    const server = await launchUntil(place, moment)
    server.kill('SIGTERM')
    const end = await server.end()
    assert.deepEqual(place.processes(), [])
    // Before Bursar's code runs, the signal ends Node. Later, the start is finished first.
    const isEarly = server.stdout() === '' && !existsSync(place.dataDir)
    assert.deepEqual(
      end,
      isEarly ? { code: null, signal: 'SIGTERM' } : { code: 0, signal: null },
      server.stderr(),
    )
    await assertStarts(place)
  })

  test(`after kill -9 when ${moment}, the next start works`, async (t) => {
    const place = openPlace(t, { isNew: true })
    const server = await launchUntil(place, moment)
    server.kill('SIGKILL')
    assert.deepEqual(await server.end(), { code: null, signal: 'SIGKILL' })
    await assertStarts(place)
  })
}
