import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { LIMITS } from './tables.ts'

/** A use of a feature by a customer. */
export type Use = {
  readonly customer: string
  readonly key: string
  readonly feature: string
  readonly value: number
  readonly dimensions: unknown
}

/** A limit after the step. */
export type Level = { readonly name: string; readonly most: string; readonly used: string }

export type Decision = {
  readonly isGranted: boolean
  readonly recorded: boolean
  readonly chains: readonly Level[]
}

export type ReserveResult = Decision & { readonly reservation: { readonly id: string } | null }

/** Returns a prepared statement. Those of the server are prepared, too. */
const statement =
  (name: string, text: string) =>
  (client: pg.ClientBase, ...values: unknown[]) =>
    client.query({ name, text, values })

const insertRecord = statement(
  'insert_record',
  `insert into by_hand_records values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
)

/** The usage of the current month. A row may still contain that of an earlier month. */
const USED = `case when month = $4 then used else 0 end`

const useIfAffordable = statement(
  'use_if_affordable',
  `update by_hand_limits set used = ${USED} + $3, month = $4
   where customer = $1 and name = $2 and ${USED} + held + $3 <= most returning name, most, used`,
)
const holdIfAffordable = statement(
  'hold_if_affordable',
  `update by_hand_limits set held = held + $3
   where customer = $1 and name = $2 and ${USED} + held + $3 <= most returning name, most, used`,
)
const useAnyway = statement(
  'use_anyway',
  `update by_hand_limits set used = ${USED} + $3, month = $4 where customer = $1 and name = $2`,
)
const useHeld = statement(
  'use_held',
  `update by_hand_limits set used = ${USED} + $3, month = $4, held = held - $3
   where customer = $1 and name = $2`,
)
const insertHold = statement(
  'insert_hold',
  `insert into by_hand_holds values ($1, $2, $3, $4, $5, $6, 'open', $7) on conflict do nothing`,
)
const endHold = statement(
  'end_hold',
  `update by_hand_holds set status = 'committed'
   where id = $1 and customer = $2 and status = 'open' and expires_at > $3
   returning key, feature, value::int, dimensions`,
)

const REPEATED: Decision = { isGranted: true, recorded: false, chains: [] }
const DENIED: Decision = { isGranted: false, recorded: false, chains: [] }

const monthOf = (at: Date): string => `${at.toISOString().slice(0, 7)}-01`

/** Returns a function that runs work with a connection of the pool. */
export const lending =
  (pool: pg.Pool) =>
  async <T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    try {
      return await work(client)
    } finally {
      client.release()
    }
  }

/** Runs a transaction. It is rolled back if `work` returns a result that must not be stored. */
async function transaction<T>(
  client: pg.ClientBase,
  work: () => Promise<{ kept: boolean; answer: T }>,
): Promise<T> {
  await client.query('begin')
  try {
    const { kept, answer } = await work()
    await client.query(kept ? 'commit' : 'rollback')
    return answer
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

/** Returns false if the key was used before. */
async function noteRecord(client: pg.ClientBase, use: Use, at: Date): Promise<boolean> {
  const { customer, key, feature, value, dimensions } = use
  const text = JSON.stringify(dimensions ?? null)
  const values = [customer, key, randomUUID(), feature, value, text, at.toISOString()]
  return (await insertRecord(client, ...values)).rowCount === 1
}

/** Updates the levels one after the other. Returns null if the use exceeds a limit. */
async function climb(
  client: pg.ClientBase,
  { customer, value }: Use,
  step: { take: typeof useIfAffordable; at: Date },
): Promise<Level[] | null> {
  const chain: Level[] = []
  for (const name of LIMITS) {
    const { rows } = await step.take(client, customer, name, value, monthOf(step.at))
    if (rows[0] === undefined) return null
    chain.push(rows[0])
  }
  return chain
}

/** Decides and records. The record comes first, so that contended rows are locked briefly. */
export const consume = (client: pg.ClientBase, use: Use): Promise<Decision> =>
  transaction(client, async () => {
    const at = new Date()
    if (!(await noteRecord(client, use, at))) return { kept: false, answer: REPEATED }
    const chains = await climb(client, use, { take: useIfAffordable, at })
    if (chains === null) return { kept: false, answer: DENIED }
    return { kept: true, answer: { isGranted: true, recorded: true, chains } }
  })

/** Decides and stores a hold. */
export const reserve = (
  client: pg.ClientBase,
  use: Use,
  ttlSeconds: number,
): Promise<ReserveResult> =>
  transaction<ReserveResult>(client, async () => {
    const at = new Date()
    const { customer, key, feature, value, dimensions } = use
    const id = randomUUID()
    const ends = new Date(at.getTime() + ttlSeconds * 1000).toISOString()
    const text = JSON.stringify(dimensions ?? null)
    const noted = await insertHold(client, id, customer, key, feature, value, text, ends)
    if (noted.rowCount === 0) return { kept: false, answer: { ...REPEATED, reservation: null } }
    const chains = await climb(client, use, { take: holdIfAffordable, at })
    if (chains === null) return { kept: false, answer: { ...DENIED, reservation: null } }
    const granted = { isGranted: true, recorded: false, chains, reservation: { id } }
    return { kept: true, answer: granted }
  })

/** Records the held amount of a reservation. Returns null if no open one exists. */
export const commit = (
  client: pg.ClientBase,
  customer: string,
  reservationId: string,
): Promise<Decision | null> =>
  transaction<Decision | null>(client, async () => {
    const at = new Date()
    const { rows } = await endHold(client, reservationId, customer, at.toISOString())
    if (rows[0] === undefined) return { kept: false, answer: null }
    const use: Use = { ...rows[0], customer }
    if (!(await noteRecord(client, use, at))) return { kept: false, answer: REPEATED }
    for (const name of LIMITS) await useHeld(client, customer, name, use.value, monthOf(at))
    return { kept: true, answer: { isGranted: true, recorded: true, chains: [] } }
  })

/** Counts records without checking limits. */
export const report = (client: pg.ClientBase, uses: readonly Use[]): Promise<number> =>
  transaction(client, async () => {
    const at = new Date()
    let counted = 0
    for (const use of uses) {
      if (!(await noteRecord(client, use, at))) continue
      counted += 1
      for (const name of LIMITS) await useAnyway(client, use.customer, name, use.value, monthOf(at))
    }
    return { kept: true, answer: counted }
  })
