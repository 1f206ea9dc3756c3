import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { replacedBy } from './what-changed.ts'

test('the replaced values of a change are the former values of all changed fields, and the ids', () => {
  const text = 'x'.repeat(1_000_000)
  const before = {
    id: 'acme',
    billingId: null,
    name: 'Acme',
    tags: ['a', 'b'],
    limits: { soft: 1, hard: 2 },
    metadata: { long: text, plan: 'small', gone: 'yes' },
    archivedAt: null,
  }
  const after = {
    ...before,
    name: 'Acme Inc.',
    tags: ['a'],
    metadata: { long: text, plan: 'large', added: 'yes' },
  }
  assert.deepEqual(replacedBy(before, after), {
    id: 'acme',
    billingId: null,
    name: 'Acme',
    tags: ['a', 'b'],
    metadata: { plan: 'small', gone: 'yes' },
  })
})

test('equal objects have no replaced values, and an empty object replaces all of them', () => {
  const json = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.jsonValue())
  fc.assert(
    fc.property(json, (value) => {
      const same = Object.fromEntries(Object.entries(value).filter(([name]) => name === 'id'))
      assert.deepEqual(replacedBy(value, structuredClone(value)), same)
      assert.deepEqual(replacedBy({ ...value, changed: 1 }, {}), { ...value, changed: 1 })
    }),
  )
})
