import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { namesOwn, piecesOf } from './record.ts'

const digest = (text: string) => hash('sha256', text, 'hex').slice(0, 32)
const ID = '019e3a9c-5e30-7000-8000-000000000001'

const step = (text: string, ...values: string[]) => ({ name: text, text, values, after: 0 })

test('only digests that differ from those of the run before are its own', () => {
  const first = [step('begin'), step('keys', `{${digest('a')},${digest('b')}}`, digest('same'))]
  const second = [step('keys', `{${digest('c')},${digest('d')}}`, digest('same'))]
  assert.deepEqual(namesOwn(second, first), new Set([digest('c'), digest('d')]))
  assert.deepEqual(namesOwn(second, []), new Set())
})

test('a text is cut at what is its own and nowhere else', () => {
  const own = new Set([ID, digest('a')])
  assert.deepEqual(piecesOf(`{${ID},${digest('a')},${digest('b')}}`, own), [
    '{',
    ID,
    ',',
    digest('a'),
    `,${digest('b')}}`,
  ])
  assert.deepEqual(piecesOf('plain', own), ['plain'])
  assert.equal(piecesOf(1, own), null)
})
