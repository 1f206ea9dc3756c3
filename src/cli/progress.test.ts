import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showProgress } from './progress.ts'
import { formatTable } from './table.ts'

function screenOf(properties: { isTTY?: boolean; columns?: number }) {
  const written: string[] = []
  return { written, screen: { ...properties, write: (text: string) => written.push(text) } }
}

test('without a terminal, progress is one line without control characters', () => {
  const { written, screen } = screenOf({})
  const progress = showProgress('entities', 3, screen)
  progress.advance(2)
  progress.advance()
  progress.end()
  assert.equal(written.join(''), 'entities: 3/3\n')
})

test('on a terminal, the bar is redrawn in its line and never wraps', () => {
  const { written, screen } = screenOf({ isTTY: true, columns: 30 })
  const progress = showProgress('entities', 4, screen)
  progress.advance(2)
  progress.advance(2)
  progress.end()
  assert.equal(written.length, 4)
  for (const text of written.slice(0, 3)) {
    assert.ok(text.startsWith('\r') && text.endsWith('\u001b[K'))
    assert.ok(text.length <= 30 + '\r\u001b[K'.length)
  }
  assert.equal(written.at(-1), '\n')
})

test('without any work, the bar is full', () => {
  const { written, screen } = screenOf({ isTTY: true })
  showProgress('entities', 0, screen)
  assert.doesNotMatch(written.join(''), /░/)
})

test('the columns of a table are aligned, and the last one has no trailing blanks', () => {
  assert.equal(
    formatTable(
      ['id', 'name'],
      [
        ['a', 'Zoë'],
        ['bcd', 'x'],
      ],
    ),
    'ID   NAME\na    Zoë\nbcd  x',
  )
  assert.equal(formatTable(['id'], []), 'ID')
})
