import { findEnvironmentsByKey } from '../access/index.ts'
import type { App } from '../app.ts'
import { countCustomers, type Walk, walkCustomers } from '../customers/index.ts'
import {
  type CustomerVerification,
  rebuildCustomer,
  verifyCustomer,
} from '../engine/verify/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import { readArguments, takePositionals } from './arguments.ts'
import { type Command, CommandError } from './command.ts'
import { numberOf } from './number-of.ts'
import { type Screen, showProgress } from './progress.ts'
import type { Terminal } from './terminal.ts'
import { type Finding, sentenceOf } from './verify/finding.ts'
import { nameFindings } from './verify/name-findings.ts'
import { requireEnvironment, withApp } from './with-app.ts'

/** How many findings are listed. Of the others only the number is shown. */
const MAX_LISTED = 100
/** How many customers are read at a time. */
const PAGE = 1000
/** A statement may read all records of a customer. Many millions take minutes. */
const STATEMENT_TIMEOUT_MS = 3_600_000

export const verifyCommand: Command = {
  summary: 'compare stored totals and counters with the records of usage',
  usage: `Usage: bursar verify [--environment <id>] [--customer <id>] [--repair] [--json]

Computes the usage of each customer from its records, and compares it with everything that is stored
of it: totals, distinct values, holds, and the counters of budgets. It also looks for records,
deduplication keys and postings that contradict each other. Servers can keep running: each customer
is read as of one instant. Without --repair nothing is written, so it also works on a standby.

Exits with 0 if everything agrees, or with --repair if everything agrees afterwards. Otherwise lists
the differences and exits with 1.

  --environment  only the customers of this environment (default: of all)
  --customer     only the customer with this id
  --repair       rebuild what is stored from the records, one customer after the other. Records are
                 not changed, except that they no longer refer to budgets and entities that do not
                 exist
  --json         as JSON instead of lines`,
  run: async (args, terminal) => {
    const { values, positionals } = readArguments(args, {
      environment: { type: 'string' },
      customer: { type: 'string' },
      repair: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    })
    takePositionals(positionals)
    const outcome = await withApp(terminal, (app) => verify(app, terminal.screen, values), {
      reads: !values.repair,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    })
    if (values.json) terminal.print(JSON.stringify(outcome, null, 2))
    else report(terminal, outcome)
    if (outcome.left.count === 0) return 0
    if (!values.repair)
      terminal.note('bursar verify --repair corrects everything except the records.')
    return 1
  },
}

type FindingList = { count: number; told: Finding[] }

type Outcome = {
  looked: CustomerVerification['size'] & { customers: number }
  /** Differences that `--repair` has repaired. */
  repaired: FindingList
  /** The remaining differences. */
  left: FindingList
}

type Options = { environment?: string; customer?: string; repair: boolean }

async function verify(app: App, screen: Screen, options: Options): Promise<Outcome> {
  const { environment, customer: customerId = null } = options
  const scope = environment === undefined ? null : await requireEnvironment(app, environment)
  const walk = { environmentKey: scope?.environmentKey ?? null, customerId }
  const customers = await countCustomers(app.db.read, walk)
  if (customerId !== null && customers === 0)
    throw new CommandError(`customer ${customerId} not found`)
  const outcome = emptyOutcome()
  const progress = showProgress('customers', customers, screen)
  try {
    for await (const customer of customersOf(app, walk)) {
      await verifyOne(app, customer, { repairs: options.repair, outcome })
      progress.advance()
    }
  } finally {
    progress.end()
  }
  return outcome
}

const emptyOutcome = (): Outcome => ({
  looked: {
    customers: 0,
    records: 0,
    names: 0,
    totals: 0,
    marks: 0,
    reservations: 0,
    counters: 0,
  },
  repaired: { count: 0, told: [] },
  left: { count: 0, told: [] },
})

type Customer = { key: Uuid; environmentKey: Uuid; environmentId: string; customerId: string }

async function* customersOf({ db }: App, walk: Walk): AsyncGenerator<Customer> {
  let after: Uuid | null = null
  do {
    const page: Awaited<ReturnType<typeof walkCustomers>> = await walkCustomers(db.read, walk, {
      after,
      limit: PAGE,
    })
    const keys = [...new Set(page.map(({ environmentKey }) => environmentKey))]
    const environments = await findEnvironmentsByKey(db.read, keys)
    const ids = new Map(environments.map(({ environmentKey, id }) => [environmentKey, id]))
    for (const { key, environmentKey, id } of page) {
      const environmentId = ids.get(environmentKey) ?? environmentKey
      yield { key, environmentKey, environmentId, customerId: id }
    }
    after = page[PAGE - 1]?.key ?? null
  } while (after !== null)
}

async function verifyOne(
  app: App,
  customer: Customer,
  { repairs, outcome }: { repairs: boolean; outcome: Outcome },
): Promise<void> {
  const add = async (list: FindingList, verified: CustomerVerification) => {
    list.count += countOf(verified)
    const remaining = MAX_LISTED - list.told.length
    if (remaining > 0 && countOf(verified) > 0)
      list.told.push(...(await nameFindings(app.db.read, customer, verified)).slice(0, remaining))
  }
  const verified = await verifyCustomer(app, customer.key, MAX_LISTED)
  addSize(outcome.looked, verified.size)
  const repairable = { ...verified, records: NONE, names: NONE, postings: NONE, subjects: NONE }
  if (!repairs || countOf(repairable) === 0) return add(outcome.left, verified)
  const { key: customerKey, environmentKey } = customer
  await rebuildCustomer(app, { scope: { environmentKey }, customerKey })
  await add(outcome.repaired, repairable)
  await add(outcome.left, await verifyCustomer(app, customerKey, MAX_LISTED))
}

const NONE = { differences: [], count: 0 }

const countOf = ({ size: _, ...found }: CustomerVerification): number =>
  Object.values(found).reduce((sum, { count }) => sum + count, 0)

function addSize(looked: Outcome['looked'], size: CustomerVerification['size']): void {
  looked.customers += 1
  for (const [name, count] of Object.entries(size)) looked[name as keyof typeof size] += count
}

function report(terminal: Terminal, { looked, repaired, left }: Outcome): void {
  printFindings(terminal, repaired, 'repaired: ')
  printFindings(terminal, left, '')
  const { customers, records, names, totals, marks, counters, reservations } = looked
  const size = [
    numberOf(customers, 'customer'),
    numberOf(records, 'record'),
    numberOf(names, 'key'),
    numberOf(totals, 'total'),
    numberOf(marks, 'mark'),
    numberOf(counters, 'counter'),
    numberOf(reservations, 'open reservation'),
  ].join(', ')
  terminal.print(`${size}: ${conclusion(repaired.count, left.count)}.`)
}

function conclusion(repaired: number, left: number): string {
  const what = left === 0 ? 'everything agrees' : numberOf(left, 'difference')
  if (repaired === 0) return what
  return `${numberOf(repaired, 'difference')} repaired, ${left === 0 ? what : `${left} left`}`
}

function printFindings(terminal: Terminal, { count, told }: FindingList, prefix: string): void {
  for (const finding of told) terminal.print(`${prefix}${sentenceOf(finding)}`)
  if (count > told.length) terminal.print(`${prefix}… and ${count - told.length} more`)
}
