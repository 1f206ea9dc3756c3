import { LEVELS } from '../by-hand/tables.ts'
import { checkOf } from '../scenarios/usage/check.ts'
import {
  dimensions,
  keyOf,
  prepareCatalog,
  prepareCompany,
  REPORTED,
  useOnce,
} from '../scenarios/usage/company.ts'
import type { OperationCall } from '../types.ts'
import type { OpenWorld } from '../world.ts'
import { fillPlans, fillSources, subjectsOfCatalog } from './catalog.ts'
import { fillEntities, fillEvents, fillHolds, fillWindows } from './fill.ts'

/** The sizes of one kind of data, smallest first, and the measured call for each. */
export type Subject = {
  readonly name: string
  readonly sizes: readonly { readonly size: number; readonly call: OperationCall }[]
}

/** The smallest tree: only a root. */
const ROOT = LEVELS.slice(0, 1)
const ofRoot = Object.fromEntries(ROOT.map((id) => [keyOf(id), id]))
const SQUAD = LEVELS.at(-2) ?? ''
const ENTITIES = [10_000, 1_000_000]
const HOLDS = [0, 100, 10_000]
const LEAST_EVENTS = 100_000
/** Numbers of one-minute windows: none, as many as are kept by default, and those of a year. */
const WINDOWS = [0, 35 * 1440, 365 * 1440]

const entitiesOf = (count: number): string => `size-entities-${count}`
const eventsOf = (count: number): string => `size-events-${count}`
const holdsOf = (count: number): string => `size-holds-${count}`
const windowsOf = (count: number): string => `size-windows-${count}`

/**
 * Fills an empty database and returns what is measured. Each size is a customer. All customers are
 * in the same database, so that they can be measured in turns, and their rows are in the same
 * tables and indexes.
 */
export async function fill(
  world: OpenWorld,
  { events, until, say }: { events: number; until: string; say: (text: string) => void },
): Promise<readonly Subject[]> {
  await prepareCatalog(world)
  await prepareCompany(world, entitiesOf(1), { levels: ROOT, scoped: [] })
  await useOnce(world, entitiesOf(1), ofRoot)
  const whole = [
    ...[LEVELS.length + 1, ...ENTITIES].map(entitiesOf),
    ...[LEAST_EVENTS, events].map(eventsOf),
    ...HOLDS.map(holdsOf),
    ...WINDOWS.map(windowsOf),
  ]
  for (const id of whole) {
    await prepareCompany(world, id)
    await useOnce(world, id)
  }
  for (const size of ENTITIES) {
    say(`${size.toLocaleString('en')} entities`)
    const count = size - LEVELS.length - 1
    await fillEntities(world, { customerId: entitiesOf(size), count, parent: SQUAD })
  }
  for (const count of HOLDS) await fillHolds(world, { customerId: holdsOf(count), count, until })
  for (const count of WINDOWS) {
    say(`${count.toLocaleString('en')} windows`)
    await fillWindows(world, { customerId: windowsOf(count), count, until })
  }
  for (const count of [LEAST_EVENTS, events]) {
    say(`${count.toLocaleString('en')} events`)
    await fillEvents(world, { customerId: eventsOf(count), count, until })
  }
  say('sources and plans')
  await fillSources(world)
  const keys = await fillPlans(world)
  say('vacuum')
  await world.execute('vacuum analyze')
  await world.execute('checkpoint')
  return [...subjectsOf(events), ...subjectsOfCatalog(keys)]
}

/** Reads the tree of a customer, sorted by utilization. */
const treeOf = (id: string): OperationCall => ({
  operation: 'v1.events.beta.customers.retrieveGovernance',
  params: { id },
  query: { featureIds: REPORTED, sortBy: 'utilization' },
})

function subjectsOf(events: number): readonly Subject[] {
  const asked = (customerId: string, size: number, of = dimensions) => ({
    size,
    call: checkOf(customerId, of),
  })
  return [
    {
      name: 'entities, a chain of one',
      sizes: [1, ...ENTITIES].map((size) => asked(entitiesOf(size), size, ofRoot)),
    },
    {
      name: 'entities, a chain of four',
      sizes: [LEVELS.length + 1, ...ENTITIES].map((size) => asked(entitiesOf(size), size)),
    },
    {
      name: 'stored events',
      sizes: [LEAST_EVENTS, events].map((size) => asked(eventsOf(size), size)),
    },
    { name: 'open holds', sizes: HOLDS.map((size) => asked(holdsOf(size), size)) },
    { name: 'closed windows', sizes: WINDOWS.map((size) => asked(windowsOf(size), size)) },
    {
      name: 'closed windows, the tree',
      sizes: WINDOWS.map((size) => ({ size, call: treeOf(windowsOf(size)) })),
    },
  ]
}
