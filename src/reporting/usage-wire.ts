import type { UsageTimeline, UsageSeries as WireSeries, TopUsage as WireTop } from '../api.gen.ts'
import { instantToWire } from '../kernel/clock.ts'
import { quantityToWire } from '../kernel/quantity.ts'
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
