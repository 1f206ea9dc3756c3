import { findCustomerKey } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { machine } from '../../kernel/watched-clock.ts'
import type { Call } from '../../operation.ts'
import {
  type EngineContext,
  type EngineMemory,
  readVersions,
  type SeenVersions,
  sequencesOf,
} from '../cache/index.ts'
import type { FactSource } from './fact-source.ts'

/** What is asked of the state of a customer. */
export type StateQuestion<Result> = {
  customerId: string
  /** Equal for questions that need the same parts of the state. */
  name: string
  /** Computes the result. Undefined: a part of the state is missing, and there is no reader. */
  answer(source: FactSource): Promise<Result | undefined>
}

/**
 * Answers a question about a customer from its state, as of an instant after the call. Null if
 * there is no such customer. If the database has the same versions as the state in memory, that
 * state is used. Otherwise parts are read again. 503 if the caller has seen a newer state.
 */
export async function askState<Result extends object>(
  call: Call,
  context: EngineContext,
  question: StateQuestion<Result>,
): Promise<Result | null> {
  const memory = context.memoryOf(call.app)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const customerKey = await customerKeyOf(call, memory, question.customerId)
    if (customerKey === null) return null
    const task = { call, context, memory, customerKey, question }
    const result = (await fromMemory(task)) ?? (await afterOthers(task)) ?? (await load(task))
    if (result !== null) return result
    // The database has lost this customer, and perhaps others.
    memory.keys.clear()
  }
  return null
}

/** After a fail-over to a database without the customer, it may exist again with another key. */
const ATTEMPTS = 2

type Task<Result> = {
  call: Call
  context: EngineContext
  memory: EngineMemory
  customerKey: Uuid
  question: StateQuestion<Result>
}

async function customerKeyOf(
  { app, scope }: Call,
  { keys }: EngineMemory,
  customerId: string,
): Promise<Uuid | null> {
  const name = `${scope.environmentKey} ${customerId}`
  const known = keys.get(name)
  if (known !== undefined) return known
  const key = await findCustomerKey(app.db.read, scope, customerId)
  if (key !== null) keys.set(name, key)
  return key
}

/**
 * Answers from memory. Null if a part is missing or older than in the database. The database is not
 * asked if the caller accepts a state as old as the one in memory.
 */
async function fromMemory<Result extends object>(task: Task<Result>): Promise<Result | null> {
  const { call, context, memory, customerKey } = task
  const state = memory.customers.peek(customerKey)
  if (state === undefined) return null
  const { seen } = state.usage
  const at = machine.monotonic()
  const oldest = at - (call.maxStalenessMs ?? 0)
  const isAccepted =
    seen !== null &&
    seen.at > oldest &&
    call.state?.acceptsFromMemory(sequencesOf(state, seen.versions)) !== false
  const known = isAccepted ? await answerWith(task, seen, null) : undefined
  if (known !== undefined) return hit(task, known)
  const { environmentKey } = call.scope
  const versions = await context.versionsOf(call.app.db)({ environmentKey, customerKey })
  const result = versions ? await answerWith(task, { versions, at }, null) : undefined
  return result === undefined ? null : hit(task, result)
}

function hit<Result>({ memory }: Task<Result>, result: Result): Result {
  memory.checks.hits += 1
  return result
}

/**
 * If another request is loading the same parts, waits for it and then answers from memory. Returns
 * null if there is no such request, or if a part is still missing.
 */
async function afterOthers<Result extends object>(task: Task<Result>): Promise<Result | null> {
  const loading = task.memory.loads.get(nameOf(task))
  if (loading === undefined) return null
  // An error of that load is the result of the other request only.
  await loading.catch(() => {})
  return fromMemory(task)
}

const nameOf = ({ customerKey, question }: Task<unknown>): string =>
  `${customerKey} ${question.name}`

/**
 * Answers after reading the missing parts from the database, and caches them. Null if the database
 * does not have the customer.
 */
async function load<Result extends object>(task: Task<Result>): Promise<Result | null> {
  const { call, memory } = task
  memory.checks.misses += 1
  const name = nameOf(task)
  const loading = call.app.db.snapshot((reader) => answerBy(task, reader), { plans: 'cached' })
  memory.loads.set(name, loading)
  try {
    return await loading
  } finally {
    if (memory.loads.get(name) === loading) memory.loads.delete(name)
  }
}

async function answerBy<Result>(task: Task<Result>, reader: Reader): Promise<Result | null> {
  const { call, customerKey } = task
  const { environmentKey } = call.scope
  const at = machine.monotonic()
  const [versions = null] = await readVersions(reader, [{ environmentKey, customerKey }])
  if (versions === null) return null
  const result = await answerWith(task, { versions, at }, reader)
  if (result === undefined) throw new Error('a part of a state was not read')
  return result
}

/**
 * Answers with a state, and notes for the caller which state that is. 503 if the caller has seen a
 * newer one. The answer is as of now, but never as of an instant before the customer's last
 * decision: the clock of the server that made it may be ahead of this one.
 */
async function answerWith<Result>(
  { call, context, memory, customerKey, question }: Task<Result>,
  seen: SeenVersions,
  reader: Reader | null,
): Promise<Result | undefined> {
  const { versions } = seen
  const state = memory.customers.at(customerKey, versions)
  state.usage.seen = seen
  const sequences = sequencesOf(state, versions)
  call.state?.require(sequences)
  const source: FactSource = {
    scope: call.scope,
    customerKey,
    state,
    cache: memory.customers,
    now: Math.max(call.app.clock.now(), versions.decidedAt),
    reader,
    entitlements: context.entitlements,
    readGiven: memory.readGiven,
    environment: memory.environments.at(call.scope, versions),
    versions,
  }
  if (reader !== null) state.usage.reads += 1
  try {
    const result = await question.answer(source)
    if (result !== undefined) call.state?.note(sequences)
    return result
  } finally {
    if (reader !== null) state.usage.reads -= 1
  }
}
