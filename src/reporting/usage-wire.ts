import type { UsageTimeline, UsageSeries as WireSeries, TopUsage as WireTop } from '../api.gen.ts'
import { required } from '../kernel/assert.ts'
import { instantToWire } from '../kernel/clock.ts'
import { quantityToWire } from '../kernel/quantity.ts'
import { Csv } from '../operation.ts'
import type { GroupKind, TopUsage, UsageOverTime, UsageSeries } from './usage-queries.ts'

export const topToWire = (found: TopUsage): WireTop => ({
  ...rangeToWire(found),
  total: quantityToWire(found.total),
  top: found.top.map(({ kind, id, name, amount }) => ({
    ...namedToWire(kind, id, name),
    usage: quantityToWire(amount),
  })),
  rest: { groups: found.rest.groups, usage: quantityToWire(found.rest.amount) },
  unattributed: found.unattributed === null ? null : quantityToWire(found.unattributed),
})

export const timelineToWire = (found: UsageOverTime): UsageTimeline => ({
  ...rangeToWire(found),
  total: quantityToWire(found.total),
  unattributed: found.unattributed === null ? null : quantityToWire(found.unattributed),
  timestamps: found.starts.map(instantToWire),
  series: found.series.map(seriesToWire),
})

/** One row for each value of each series: its columns are the same, whatever is asked. */
export function timelineToCsv(found: UsageOverTime, { isRaw }: { isRaw: boolean }): Csv {
  const columns = ['start', 'kind', 'customerId', 'entityId', 'name', 'usage']
  const rows = timelineToWire(found).series.flatMap((each) =>
    each.values.map((usage, at) => {
      const start = instantToWire(required(found.starts[at], 'the start of an interval'))
      return [start, each.kind, each.customerId, each.entityId, each.name, usage]
    }),
  )
  return new Csv({ columns, rows, isRaw })
}

const rangeToWire = ({
  from,
  until,
  completeUntil,
}: Pick<TopUsage, 'from' | 'until' | 'completeUntil'>) => ({
  from: instantToWire(from),
  to: instantToWire(until),
  completeUntil: instantToWire(completeUntil),
})

const namedToWire = (kind: GroupKind | null, id: string | null, name: string | null) => ({
  customerId: kind === 'customer' ? id : null,
  entityId: kind === 'entity' ? id : null,
  name,
})

const KINDS = {
  all: 'ALL',
  customer: 'CUSTOMER',
  entity: 'ENTITY',
  rest: 'REST',
  unattributed: 'UNATTRIBUTED',
} as const

const seriesToWire = ({ kind, id, name, total, values }: UsageSeries): WireSeries => ({
  kind: KINDS[kind],
  ...namedToWire(kind === 'customer' || kind === 'entity' ? kind : null, id, name),
  total: quantityToWire(total),
  values: values.map(quantityToWire),
})
