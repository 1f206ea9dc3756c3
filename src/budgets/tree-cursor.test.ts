import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cursorFromWire, cursorToWire, type TreeCursor } from './tree-cursor.ts'

const value = fc.constantFrom('0', '-1', '820.0000000000', `${'9'.repeat(40)}.${'9'.repeat(40)}`)
const cursor: fc.Arbitrary<TreeCursor> = fc
  .tuple(fc.uuid(), fc.option(value))
  .map(([key, at]) => ({ key, value: at }))
const question = fc.array(fc.option(fc.oneof(fc.string(), fc.array(fc.string()))))

test('a cursor has at most 255 characters and is decoded to the same value', () => {
  fc.assert(
    fc.property(cursor, question, (sent, asked) => {
      const text = cursorToWire(sent, asked)
      assert.ok(text.length <= 255)
      assert.match(text, /^[\w-]+$/)
      assert.deepEqual(cursorFromWire(text, asked), sent)
    }),
  )
})

test('a cursor of another query is refused', () => {
  fc.assert(
    fc.property(cursor, question, question, (sent, asked, other) => {
      fc.pre(JSON.stringify(asked) !== JSON.stringify(other))
      const text = cursorToWire(sent, asked)
      assert.throws(() => cursorFromWire(text, other), /another query/)
    }),
  )
})

test('an invalid cursor is refused', () => {
  const good = cursorToWire({ key: '01890000-0000-7000-8000-000000000000', value: '1' }, [])
  const decoded = Buffer.from(good, 'base64url').toString()
  const forged = ['2.', '1.']
    .map((version) => decoded.replace(/^1\./, version))
    .flatMap((text) => [
      text.replace('7000', '700'),
      text.replace(/1$/, 'NaN'),
      text.replace(/1$/, "1'; drop table entities"),
      `${text}.x`,
      text.replace(/1$/, '9'.repeat(41)),
    ])
    .map((text) => Buffer.from(text).toString('base64url'))
  const junk = [
    `${good}=`,
    `${good}!`,
    `!${good}`,
    `${good} `,
    good.replace('.', ''),
    `${good}\n`,
  ].filter((text) => text !== good)
  for (const text of [...junk, '', 'x', '%00', '01890000-0000-7000-8000-000000000000', ...forged])
    assert.throws(() => cursorFromWire(text, []), /not a valid cursor/, text)
})
