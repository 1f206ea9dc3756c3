import { counterName } from '../../budgets/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { CounterAfter, UsageAfter } from '../cache/index.ts'
import type { LoadedState } from './load-state.ts'
import { subjectName } from './state.ts'

/** Returns what a batch knows of its customers' usage once its state has been written. */
export function usageAfter({ state, subjects, counters }: LoadedState): UsageAfter {
  const whole = counters.map(({ customerKey, ...key }): [string, CounterAfter] => {
    const name = counterName(key, key.window)
    const counter = {
      usage: state.counters.get(name) ?? 0n,
      held: state.holds.get(name) ?? 0n,
      setAt: state.setAts.get(name),
      crossed: state.thresholds.length === 0 ? undefined : (state.crossed.get(name) ?? []),
    }
    return [name, { kind: 'whole', customerKey, counter }]
  })
  const added = new Map<string, CounterAfter & { kind: 'added' }>()
  for (const [name, { customerKey, delta, setAt }] of state.postings.changes)
    added.set(name, {
      kind: 'added',
      customerKey,
      added: { usage: delta, held: 0n, setAt: setAt ?? undefined },
    })
  for (const [name, { customerKey, delta }] of state.holdPostings.changes) {
    const before = added.get(name)?.added ?? { usage: 0n, setAt: undefined }
    added.set(name, { kind: 'added', customerKey, added: { ...before, held: delta } })
  }
  return {
    totals: subjects.map(({ customerKey, featureKey, resourceKey, from }) => {
      const subject = { customerKey, featureKey, resourceKey }
      const totals = required(state.totals.get(subjectName(subject)), 'the totals of a subject')
      return { ...subject, from, totals }
    }),
    counters: new Map([...added, ...whole]),
    reserving: new Set<Uuid>(
      [...state.reservations.changes.values()].map(({ customerKey }) => customerKey),
    ),
  }
}
