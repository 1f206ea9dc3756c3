import { WRITTEN } from '../../by-hand/tables.ts'
import { FRESH_ID, type OperationCall, RESERVED_ID, type Scenario } from '../../types.ts'
import { customerOf, dimensions, MANY, prepare, REPORTED, WARM_UP_SECONDS } from './company.ts'

/** Typical of a service that consumes before each of its own requests. */
const CONNECTIONS = 64

const use = { featureId: REPORTED, amount: 1, idempotencyKey: FRESH_ID, dimensions }

const consumeBy = (id: string): OperationCall[] => [
  { operation: 'v1.customers.consume', params: { id }, body: use },
]

const reserveAndCommitBy = (id: string): OperationCall[] => [
  { operation: 'v1.customers.reservations.create', params: { id }, body: use },
  {
    operation: 'v1.customers.reservations.commit',
    params: { id, reservationId: RESERVED_ID },
    body: {},
  },
]

type Kind = { name: string; title: string; by: (customerId: string) => OperationCall[] }
const CONSUME: Kind = { name: 'consume', title: 'consume', by: consumeBy }
const RESERVE: Kind = { name: 'reserve', title: 'reserve + commit', by: reserveAndCommitBy }

/** All connections use the limits of one customer. */
const hot = (kind: Kind, ratio: number | null, others: readonly 'sql'[] = []): Scenario => ({
  name: kind.name,
  title: `${kind.title}, one customer`,
  connections: CONNECTIONS,
  baselines: ['handwritten', ...others],
  target: ratio === null ? null : { baseline: 'handwritten', ratio },
  records: 1,
  written: WRITTEN,
  isPaced: true,
  prepare: (world) => prepare(world, 1),
  calls: () => kind.by(customerOf(0)),
})

/** The connections rotate through ten thousand customers. No two use the same ones. */
const spread = (kind: Kind, ratio: number | null): Scenario => ({
  ...hot(kind, ratio),
  name: `${kind.name}-spread`,
  title: `${kind.title}, ${MANY.toLocaleString('en')} customers`,
  warmUpSeconds: WARM_UP_SECONDS,
  prepare: (world) => prepare(world, MANY),
  calls: (connection) =>
    Array.from({ length: Math.ceil((MANY - connection) / CONNECTIONS) }, (_, round) =>
      kind.by(customerOf(round * CONNECTIONS + connection)),
    ).flat(),
})

/** Both servers use the limits of the same customer. */
const onTwoServers = (scenario: Scenario): Scenario => ({
  ...scenario,
  name: `${scenario.name}-two`,
  title: `${scenario.title}, two servers`,
  connections: CONNECTIONS / 2,
  servers: 2,
  baselines: [],
  isPaced: false,
})

export const consumptions: readonly Scenario[] = [
  hot(CONSUME, 10, ['sql']),
  onTwoServers(hot(CONSUME, null)),
  spread(CONSUME, 2),
  hot(RESERVE, null),
  spread(RESERVE, null),
]
