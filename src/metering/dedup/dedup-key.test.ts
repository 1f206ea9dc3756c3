import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashOfMark, nameOfEvent, nameOfReport } from './dedup-key.ts'

const event = { eventName: 'call', resourceKey: 'r', key: 'k', stated: 5 }
const report = { featureKey: 'f', resourceKey: 'r' }

test('every part of a deduplication key changes it', () => {
  const names = [
    nameOfReport(report, 'k'),
    nameOfReport(report, 'k2'),
    nameOfReport({ ...report, featureKey: 'g' }, 'k'),
    nameOfReport({ ...report, resourceKey: 's' }, 'k'),
    nameOfEvent(event),
    nameOfEvent({ ...event, eventName: 'f' }),
    nameOfEvent({ ...event, resourceKey: 's' }),
    nameOfEvent({ ...event, key: 'k2' }),
    nameOfEvent({ ...event, stated: 6 }),
    nameOfEvent({ ...event, stated: null }),
    // The text of one part cannot be mistaken for several parts.
    nameOfEvent({ ...event, eventName: 'call","r', resourceKey: '' }),
  ]
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.match(name, /^[0-9a-f]{32}$/)
  assert.equal(nameOfEvent({ ...event }), names[4])
})

test('the hash of a distinct value is 128 bits of its SHA-256', () => {
  assert.equal(hashOfMark('abc'), 'ba7816bf8f01cfea414140de5dae2223')
})
