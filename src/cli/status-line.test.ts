import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showStatus } from './status-line.ts'

function statusOn(properties: { isTTY?: boolean; columns?: number }) {
  const written: string[] = []
  const write = (text: string) => written.push(text)
  return { written, status: showStatus({ ...properties, write }, (line) => write(`[${line}]`)) }
}

test('without a terminal, each status is a line of its own between the printed lines', () => {
  const { written, status } = statusOn({})
  status.show('one')
  status.print('stays')
  status.show('two')
  status.end()
  assert.equal(written.join(''), 'one\n[stays]two\n')
})

test('on a terminal, the status is redrawn below the printed lines and never wraps', () => {
  const { written, status } = statusOn({ isTTY: true, columns: 10 })
  status.show('0123456789')
  status.print('stays')
  status.show('next')
  status.end()
  status.print('last')
  assert.deepEqual(written, [
    '\r012345678\u001b[K',
    '\r\u001b[K',
    '[stays]',
    '\r012345678\u001b[K',
    '\rnext\u001b[K',
    '\n',
    '[last]',
  ])
})

test('the status is written less often to a file than to a terminal', () => {
  assert.ok(statusOn({}).status.everyMs > statusOn({ isTTY: true }).status.everyMs)
})
