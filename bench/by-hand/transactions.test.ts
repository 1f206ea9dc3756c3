import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { clientConfig } from '../../src/db/index.ts'
import { newDatabase } from '../../test/support/databases.ts'
import { LIMITS, TABLES } from './tables.ts'
import { commit, consume, lending, report, reserve, type Use } from './transactions.ts'

const MOST = 20
const CLIENTS = 6
const TTL_SECONDS = 60

const use = (key: string): Use => ({
  customer: 'acme',
  key,
  feature: 'tokens',
  value: 1,
  dimensions: { userId: 'ann' },
})

test('what is written by hand decides: it never grants more than there is', async (t) => {
  const pool = new pg.Pool({ ...clientConfig(await newDatabase(t)), max: CLIENTS })
  pool.on('error', () => {})
  t.after(() => pool.end())
  const withClient = lending(pool)
  const levels = async () => {
    const { rows } = await pool.query('select distinct used, held from by_hand_limits')
    return rows
  }
  await pool.query(TABLES)
  await pool.query(
    `insert into by_hand_limits
     select 'acme', of.name, $1, date_trunc('month', now(), 'UTC'), 0, 0
     from unnest($2::text[]) as of (name)`,
    [MOST, LIMITS],
  )

  const held = await withClient((client) => reserve(client, use('held'), TTL_SECONDS))
  assert.equal(await withClient((client) => report(client, [use('told'), use('told')])), 1)
  assert.deepEqual(await levels(), [{ used: '1', held: '1' }])

  const decisions = await Promise.all(
    Array.from({ length: 2 * MOST }, (_, at) =>
      withClient((client) => consume(client, use(`used-${at}`))),
    ),
  )
  const granted = decisions.filter(({ isGranted }) => isGranted)
  assert.equal(granted.length, MOST - 2)
  assert.equal(granted[0]?.chains.length, LIMITS.length)
  assert.deepEqual(await levels(), [{ used: `${MOST - 1}`, held: '1' }])
  const more = await withClient((client) => reserve(client, use('more'), TTL_SECONDS))
  assert.equal(more.reservation, null)

  const id = held.reservation?.id ?? ''
  const committed = await withClient((client) => commit(client, 'acme', id))
  assert.equal(committed?.recorded, true)
  assert.equal(await withClient((client) => commit(client, 'acme', id)), null)
  assert.deepEqual(await levels(), [{ used: `${MOST}`, held: '0' }])
  const { rows } = await pool.query('select count(*) from by_hand_records')
  assert.deepEqual(rows, [{ count: `${MOST}` }])
})
