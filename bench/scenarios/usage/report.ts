import { WRITTEN } from '../../by-hand/tables.ts'
import { FRESH_ID, type OperationCall, type Scenario, type Target } from '../../types.ts'
import {
  customerOf,
  dimensions,
  EVENT,
  MANY,
  prepare,
  REPORTED,
  WARM_UP_SECONDS,
} from './company.ts'

const CONNECTIONS = 8
const MOST_BY_HAND = 100
/** How many different calls a connection repeats. */
const ROUND = 16

/** The fields in which records differ. */
type Item = { customerId: string; idempotencyKey: string }

const reportOf = (items: readonly Item[]): OperationCall => ({
  operation: 'v1.usage.report',
  body: { usages: items.map((item) => ({ ...item, featureId: REPORTED, value: 1, dimensions })) },
})

const eventsOf = (items: readonly Item[]): OperationCall => ({
  operation: 'v1.events.report',
  body: { events: items.map((item) => ({ ...item, eventName: EVENT, dimensions })) },
})

type Kind = { name: string; title: string; of: (items: readonly Item[]) => OperationCall }
const REPORT: Kind = { name: 'report', title: 'report', of: reportOf }
const EVENTS: Kind = { name: 'events', title: 'events', of: eventsOf }

/** All connections report for one customer, so that batches form. */
const hot = (kind: Kind, records: number, target: Target | null = null): Scenario => ({
  name: `${kind.name}-${records}`,
  title: `${kind.title} by ${records}, one customer`,
  connections: CONNECTIONS,
  // A thousand records by hand would take longer than a round.
  baselines: records > MOST_BY_HAND ? ['sql'] : ['handwritten', 'sql'],
  target,
  records,
  written: WRITTEN,
  prepare: (world) => prepare(world, 1),
  calls: () => [kind.of(itemsFor(records, () => customerOf(0)))],
})

/** The records are for ten thousand customers in turn. No two connections use the same ones. */
const spread = (kind: Kind, records: number, target: Target | null = null): Scenario => ({
  ...hot(kind, records, target),
  name: `${kind.name}-${records}-spread`,
  title: `${kind.title} by ${records}, ${MANY.toLocaleString('en')} customers`,
  warmUpSeconds: WARM_UP_SECONDS,
  prepare: (world) => prepare(world, MANY),
  calls: (connection) =>
    Array.from({ length: ROUND }, (_, round) =>
      kind.of(
        itemsFor(records, (index) => {
          const number = (round * records + index) * CONNECTIONS + connection
          return customerOf(number % MANY)
        }),
      ),
    ),
})

const itemsFor = (count: number, customerOfItem: (index: number) => string): Item[] =>
  Array.from({ length: count }, (_, index) => ({
    customerId: customerOfItem(index),
    idempotencyKey: `${FRESH_ID}-${index}`,
  }))

export const reports: readonly Scenario[] = [
  hot(REPORT, 1),
  hot(REPORT, 100),
  hot(EVENTS, 100, { recordsPerSecond: 20_000 }),
  hot(EVENTS, 1000),
  spread(REPORT, 1),
  spread(EVENTS, 100, { recordsPerSecond: 4000 }),
]
