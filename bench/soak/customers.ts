import { prepareCatalog, prepareCompany, useOnce } from '../scenarios/usage/company.ts'
import { fillEvents, fillWindows } from '../size/fill.ts'
import type { World } from '../types.ts'

export const SMALL = 'soak-small'
export const BUSY = 'soak-busy'
export const WIDE = 'soak-wide'
export const WINDOWS = 'soak-windows'
export const HISTORY = 'soak-history'
/** Nobody: a body is read and looked at before that is known, and nothing of it is kept. */
export const BULK = 'soak-nobody'

/** Changes of a customer whose metadata is nearly as large as may be. */
const WIDE_CHANGES = 120
const WIDE_BYTES = 900_000
const EVENTS = 200_000
/** Windows of a minute, as many as are kept when nothing is configured. */
const WINDOWS_KEPT = 35 * 1440

/** Fills what the lanes ask for. */
export async function prepareSoak(world: World, say: (text: string) => void): Promise<void> {
  const until = new Date().toISOString()
  await prepareCatalog(world)
  for (const id of [SMALL, BUSY, HISTORY, WINDOWS]) {
    await prepareCompany(world, id)
    await useOnce(world, id)
  }
  say('large events')
  await world.run({ operation: 'v1.customers.provision', body: { id: WIDE } })
  for (let change = 0; change < WIDE_CHANGES; change += 1)
    await world.run({
      operation: 'v1.customers.update',
      params: { id: WIDE },
      body: { metadata: { note: `${change} ${'x'.repeat(WIDE_BYTES)}` } },
    })
  say('records')
  await fillEvents(world, { customerId: HISTORY, count: EVENTS, until })
  say('windows')
  await fillWindows(world, { customerId: WINDOWS, count: WINDOWS_KEPT, until })
  await world.execute('vacuum analyze')
}
