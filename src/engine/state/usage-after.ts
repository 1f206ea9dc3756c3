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
  const added = new Map<string, CounterAfter>()
  for (const [name, { customerKey, usage, held, setAt }] of state.counterChanges.changes)
    added.set(name, {
      kind: 'added',
      customerKey,
      added: { usage, held, setAt: setAt ?? undefined },
    })
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
