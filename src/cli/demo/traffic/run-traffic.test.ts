import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Api, ApiResponse } from '../../api.ts'
import { CommandError } from '../../command.ts'
import type { StatusLine } from '../../status-line.ts'
import { readDemoData } from '../demo-data.ts'
import { runTraffic } from './run-traffic.ts'
import type { BudgetNode } from './watch-budgets.ts'

const data = await readDemoData()

function listen() {
  const lines: string[] = []
  const status: StatusLine = {
    everyMs: 1,
    show: (text) => lines.push(`status ${text}`),
    print: (line) => lines.push(line),
    end: () => lines.push('end'),
  }
  return { lines, status }
}

/** Returns an API that gives these responses to consumptions, and stops with the last one. */
function apiOf(answers: ((number: number) => ApiResponse)[], stop: AbortController): Api {
  let number = 0
  const send: Api['send'] = async (method, path) => {
    if (method === 'GET') return governance(path)
    const answer = answers[Math.min(number, answers.length - 1)]?.(number)
    number += 1
    if (number >= answers.length) stop.abort()
    assert.ok(answer !== undefined)
    return answer
  }
  return { baseUrl: 'http://h', send, succeed: send }
}

function governance(path: string): ApiResponse {
  const query = new URL(path, 'http://h').searchParams
  assert.deepEqual(
    [query.get('featureIds'), query.get('entityIdSearch')],
    ['ai-tokens', 'team-legal'],
  )
  const row = { entityId: 'team-legal', usagePeriodStart: '2026-05-18T10:07:00.000Z' }
  const end = { usagePeriodEnd: '2026-05-18T10:08:00.000Z' }
  return {
    status: 200,
    body: {
      data: [
        { ...row, scopeEntityIds: [], usagePeriodEnd: '2026-06-01T00:00:00.000Z' },
        { ...row, ...end, scopeEntityIds: ['eu-central', 'meridian-4-medium'] },
      ],
    },
  }
}

const decided = (isGranted: boolean, currentUsage: number) => (): ApiResponse => {
  const node: BudgetNode = {
    entityId: 'team-legal',
    scopeEntityIds: ['meridian-4-medium', 'eu-central'],
    usageLimit: 33_000,
    currentUsage,
    isGranted,
  }
  const accessDeniedReason = isGranted ? null : 'BudgetExceeded'
  return { status: 200, body: { data: { isGranted, accessDeniedReason, chains: [[node]] } } }
}

test('a denying budget is printed with its window, then when it is free again, then in the summary', async () => {
  const stop = new AbortController()
  const { lines, status } = listen()
  const api = apiOf([decided(true, 30_000), decided(false, 30_000), decided(true, 200)], stop)
  // At this rate there are no bursts: the third request is sent after the second response.
  await runTraffic(api, data, { perSecond: 10, until: stop.signal, status })
  const name = 'team Legal for Meridian 4 Medium, Europe (Frankfurt)'
  const printed = lines.filter((line) => !line.startsWith('status '))
  assert.deepEqual(printed.slice(0, 3), [
    `blocked  ${name}: 30,000 of 33,000, until 10:08:00 UTC`,
    `free     ${name}: 200 of 33,000, after 0 s`,
    'end',
  ])
  assert.deepEqual(printed.slice(4), [
    '2 granted, 1 denied (33%), 0 failed',
    printed[5] ?? '',
    'budgets that denied: 1, that block now: 0',
    `        1  ${name}`,
  ])
  assert.match(lines.at(-7) ?? '', /^status .* {2}granted 2 {2}denied 1 \(33%\) .* {2}0 block$/)
})

test('each kind of failure is printed once, and the command fails if every request does', async () => {
  const stop = new AbortController()
  const { lines, status } = listen()
  const overloaded = () => ({ status: 503, body: { message: 'overloaded' } })
  const api = apiOf([overloaded, overloaded, overloaded], stop)
  const run = runTraffic(api, data, { perSecond: 10, until: stop.signal, status })
  await assert.rejects(run, new CommandError('no request was answered'))
  assert.equal(lines.filter((line) => line === '503: overloaded').length, 1)
  assert.ok(lines.includes('        3  503: overloaded'), lines.join('\n'))
})
