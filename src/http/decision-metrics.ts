import type { Registry } from 'prom-client'
import { exposeCounter, exposeGauge } from './figures.ts'

/** What became of the denials that this process has noted. */
export type DenialCounts = { kept: number; merged: number; dropped: number; waiting: number }

export function exposeDenials(registry: Registry, counts: () => DenialCounts): void {
  exposeCounter(
    registry,
    {
      name: 'bursar_denials_noted_total',
      help: 'Denials: kept as decisions, merged into the count of an earlier one, or dropped.',
      label: 'fate',
    },
    () => {
      const { kept, merged, dropped } = counts()
      return { kept, merged, dropped }
    },
  )
  exposeGauge(
    registry,
    { name: 'bursar_denials_waiting', help: 'Denials in memory that are not written yet.' },
    () => counts().waiting,
  )
}
