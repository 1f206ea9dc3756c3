import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Costs, rowsOf, textOf, verdictsOf } from './flatness.ts'

const call = (id: string) => ({
  operation: 'v1Beta.customers.entitlements.check' as const,
  params: { id },
})
const [none, hundred, many, one] = ['none', 'hundred', 'many', 'one'].map(call) as [
  ReturnType<typeof call>,
  ...ReturnType<typeof call>[],
]

const subjects = [
  {
    name: 'holds',
    sizes: [
      { size: 0, call: none },
      { size: 100, call: hundred ?? none },
      { size: 10_000, call: many ?? none },
    ],
  },
  { name: 'events', sizes: [{ size: 1, call: one ?? none }] },
]

const costs = (latencyMs: number): Costs => ({ latencyMs, serverMs: 0.3, databaseMs: 0.6 })
/** Returns a round in which the machine is slower by this factor. */
const round = (slower: number, sizes = [1, 1.2, 1.5]) =>
  new Map(
    subjects.flatMap((subject) =>
      subject.sizes.map((of, at) => [of.call, costs((sizes[at] ?? 1) * slower)] as const),
    ),
  )

test('growth is compared within a round, however slow the machine was in it', () => {
  const rows = rowsOf(subjects, [round(1), round(10), round(3)])
  assert.deepEqual(
    rows.map(({ subject, size, latencyMs, growth }) => [subject, size, latencyMs, growth.median]),
    [
      ['holds', 0, 3, 1],
      ['holds', 100, 3.5999999999999996, 1.2],
      ['holds', 10_000, 4.5, 1.5],
      ['events', 1, 3, 1],
    ],
  )
  assert.deepEqual(
    verdictsOf(rows).map(({ size, met }) => [size, met]),
    [
      [100, true],
      [10_000, false],
    ],
  )
  const lines = textOf(rows).split('\n')
  assert.match(lines[2] ?? '', / flat$/)
  assert.match(lines[3] ?? '', /NOT FLAT/)
  assert.doesNotMatch(lines[4] ?? '', /flat/i)
})

test('a round without a size is no round', () => {
  assert.throws(() => rowsOf(subjects, [new Map([[none, costs(1)]])]), /lacks a size/)
})
