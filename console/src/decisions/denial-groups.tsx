import type { Decision } from '../../../src/api.gen.ts'
import { useAddresses } from '../address-state.ts'
import { formatNumber } from '../format.ts'
import { type Column, Table } from '../ui/table.tsx'
import { Id, None, Time } from '../ui/text.tsx'
import { REASONS } from './reasons.ts'

type Group = { last: Decision; count: number }

/** Denials of the same customer, entity, capability and reason. The most frequent group first. */
function groupsOf(rows: readonly Decision[]): Group[] {
  const groups = new Map<string, Group>()
  for (const row of rows) {
    const { customerId, entityId, featureId, currencyId, accessDeniedReason, count } = row
    const key = JSON.stringify([customerId, entityId, featureId, currencyId, accessDeniedReason])
    const known = groups.get(key)
    groups.set(key, { last: known?.last ?? row, count: (known?.count ?? 0) + count })
  }
  return [...groups.values()].toSorted((a, b) => b.count - a.count)
}

/** What was denied most among these rows, each group with the way to its last denial. */
export function DenialGroups(props: { rows: readonly Decision[]; hasMore: boolean }) {
  const addresses = useAddresses()
  const columns: readonly Column<Group>[] = [
    { title: 'Customer', cell: ({ last }) => <Id>{last.customerId}</Id> },
    {
      title: 'Entity',
      cell: ({ last }) => (last.entityId === null ? <None /> : <Id>{last.entityId}</Id>),
    },
    { title: 'Of', cell: ({ last }) => <Id>{last.featureId ?? last.currencyId ?? ''}</Id> },
    { title: 'Why', cell: ({ last }) => REASONS[last.accessDeniedReason] },
    {
      // Rows that are not read yet may belong to any group.
      title: props.hasMore ? 'Times, at least' : 'Times',
      cell: ({ count }) => formatNumber(count),
      isEnd: true,
    },
    { title: 'Last', cell: ({ last }) => <Time at={last.lastAt} />, isSecondary: true },
  ]
  return (
    <Table
      label="Denials by budget"
      rows={groupsOf(props.rows)}
      columns={columns}
      keyOf={({ last }) => last.id}
      toOf={({ last }) => addresses.decision(last.id)}
    />
  )
}
