import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type PageRequest, type PageRows, pageOf, pageRequest } from './page.ts'

/** Runs a keyset query on keys in list order. At most `fit` rows fit into a page. */
function query(list: readonly string[], page: PageRequest, fit: number): PageRows<{ key: string }> {
  const cursor = page.after ?? page.before
  const at = cursor === null ? -1 : list.indexOf(cursor)
  const from = page.before === null ? list.slice(at + 1) : list.slice(0, at).reverse()
  const keys = from.slice(0, Math.min(page.limit, fit))
  return { rows: keys.map((key) => ({ key })), hasMore: from.length > keys.length }
}
const read = (list: readonly string[], page: Partial<PageRequest>, fit = 100) => {
  const request = { after: null, before: null, limit: 20, ...page }
  const { data, pagination } = pageOf(request, query(list, request, fit))
  return { keys: data.map(({ key }) => key), ...pagination }
}

test('45 records make pages of 20, 20 and 5, with the documented cursors', () => {
  const list = Array.from({ length: 45 }, (_, index) => `k${index + 1}`)
  assert.deepEqual(read(list, {}), { keys: list.slice(0, 20), next: 'k20', prev: null })
  assert.deepEqual(read(list, { after: 'k20' }), {
    keys: list.slice(20, 40),
    next: 'k40',
    prev: 'k21',
  })
  assert.deepEqual(read(list, { after: 'k40' }), { keys: list.slice(40), next: null, prev: 'k41' })
})

const sizes = fc.integer({ min: 0, max: 60 })
const fits = fc.integer({ min: 1, max: 30 })

test('reading a list forward and back gives each record once, in order', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 25 }), fits, (size, limit, fit) => {
      const list = Array.from({ length: size }, (_, index) => `k${index}`)
      const forward: string[] = []
      let page = read(list, { limit }, fit)
      assert.equal(page.prev, null)
      forward.push(...page.keys)
      while (page.next !== null) {
        page = read(list, { limit, after: page.next }, fit)
        forward.push(...page.keys)
      }
      assert.deepEqual(forward, list)
      const backward: string[] = [...page.keys]
      while (page.prev !== null) {
        page = read(list, { limit, before: page.prev }, fit)
        backward.unshift(...page.keys)
      }
      assert.deepEqual(backward, list)
    }),
  )
})

test('if both cursors are sent, after takes precedence', () => {
  assert.deepEqual(pageRequest({ after: 'A', before: 'b' }), pageRequest({ after: 'a' }))
  assert.deepEqual(pageRequest({ before: 'B' }), { after: null, before: 'b', limit: 20 })
})
