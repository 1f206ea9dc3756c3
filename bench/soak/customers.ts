import { prepareCatalog, prepareCompany, useOnce } from '../scenarios/usage/company.ts'
import { fillEvents, fillWindows } from '../size/fill.ts'
import type { World } from '../types.ts'

export const SMALL = 'soak-small'
export const BUSY = 'soak-busy'
export const WIDE = 'soak-wide'
export const WINDOWS = 'soak-windows'
export const HISTORY = 'soak-history'
/** An unknown customer. Bodies for it are read and validated, and then nothing is stored. */
export const BULK = 'soak-nobody'

/** How many changes the customer with large metadata has. The metadata is close to the limit. */
const WIDE_CHANGES = 120
const WIDE_BYTES = 900_000
const EVENTS = 200_000
/** The number of one-minute windows that are kept by default. */
const WINDOWS_KEPT = 35 * 1440

/** Creates the data that the lanes read. */
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
