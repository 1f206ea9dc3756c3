import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Cut, openCuttingProxy } from '../../test/support/cutting-proxy.ts'
import { ApiError } from '../kernel/errors.ts'
import { openDatabase } from './database.ts'
import { row } from './decode.ts'
import { column } from './index.ts'
import { sql } from './sql.ts'
import type { Tx } from './types.ts'

const proxy = await openCuttingProxy()
const database = openDatabase({
  connection: proxy.connection,
  poolSize: 2,
  onIdleError: () => {},
})
const table = `lost_${process.pid}`
const scratch = { text: [table], values: [] }
await database.withClient((client) =>
  client.query(`create table ${table} (id integer, run integer)`),
)
after(async () => {
  await database.withClient((client) => client.query(`drop table ${table}`))
  await database.close()
  await proxy.close()
})

const countRow = row({ n: column.integer })
const count = async (reader: Pick<Tx, 'one'>, id: number) =>
  (await reader.one(countRow, sql`select count(*) as n from ${scratch} where id = ${id}::integer`))
    .n

let lastId = 0
/** Work that inserts a row and returns how often it has run. */
function inserting() {
  lastId += 1
  const id = lastId
  let runs = 0
  return {
    id,
    work: async (tx: Tx) => {
      runs += 1
      await tx.execute(sql`insert into ${scratch} values (${id}::integer, ${runs}::integer)`)
      return runs
    },
    isDurable: async (tx: Tx) => (await count(tx, id)) > 0,
  }
}

const CUTS: [Cut, number, number][] = [
  ['after', 1, 1],
  ['before', 1, 2],
  ['before', 2, 2],
]
for (const [cut, cuts, runs] of CUTS)
  test(`a transaction takes effect once if the response is lost ${cut} COMMIT (${cuts} times)`, async () => {
    const { id, work, isDurable } = inserting()
    proxy.cutNext(cut, cuts)
    assert.equal(await database.transaction(work, { isDurable }), runs)
    assert.equal(await count(database.read, id), 1)
  })

const isUnknown = (error: unknown) =>
  error instanceof ApiError && error.status === 503 && /may have been written/.test(error.message)

for (const cut of ['before', 'after'] as const)
  test(`without isDurable, a response that is lost ${cut} COMMIT is a 503`, async () => {
    const { id, work } = inserting()
    proxy.cutNext(cut)
    await assert.rejects(database.transaction(work), isUnknown)
    assert.equal(await count(database.read, id), cut === 'after' ? 1 : 0)
  })

test('an outcome that is not known within the time limit is a 503', async () => {
  const { work } = inserting()
  proxy.cutNext('after', 1000)
  await assert.rejects(database.transaction(work, { isDurable: async () => true }), isUnknown)
  proxy.forgive()
})

test('an error of isDurable itself is thrown', async () => {
  const { work } = inserting()
  proxy.cutNext('after')
  const isDurable = () => Promise.reject(new Error('on purpose'))
  await assert.rejects(database.transaction(work, { isDurable }), /on purpose/)
})
