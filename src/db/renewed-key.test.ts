import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorld } from '../../test/support/world.ts'
import { instantOfKey, uuidv7 } from '../kernel/ids.ts'
import { row } from './decode.ts'
import { column } from './index.ts'
import { renewedKey } from './renewed-key.ts'
import { sql } from './sql.ts'

const { app } = (await openWorld()).bursar
const AT = Date.UTC(2026, 4, 18, 10, 7, 42, 123)
const keyRow = row({ key: column.uuid })

test('renewed keys are UUIDs of the instant, in the order of their positions', async () => {
  const ids = uuidv7()
  const positions = [1, 2, 63, 64, 65, 16_383, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 2 ** 31]
  const olds = positions.map((position) => ids.next(AT + 400 * 86_400_000 - position))
  const found = await app.db.read.many(
    keyRow,
    sql`
    select ${renewedKey(AT, sql`position`, sql`old`)} as key
    from unnest(${positions}::bigint[], ${olds}::uuid[])
      with ordinality as of (position, old, place)
    order by place`,
  )
  const keys = found.map(({ key }) => key)
  assert.deepEqual(keys, keys.toSorted())
  assert.equal(new Set(keys).size, positions.length)
  keys.forEach((key, index) => {
    assert.match(key, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(instantOfKey(key), AT)
    assert.equal(key.slice(-10), olds[index]?.slice(-10))
  })
})
