import type { AuditEntry, Decision } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { REASONS } from '../../decisions/reasons.ts'
import { type Column, ShortList } from '../../ui/table.tsx'
import { Id, None, ShortId, Time } from '../../ui/text.tsx'

const ROWS = 8

const DENIALS: readonly Column<Decision>[] = [
  {
    title: 'Who',
    cell: ({ customerId, entityId }) => (
      <Id>{entityId === null ? customerId : `${customerId} › ${entityId}`}</Id>
    ),
  },
  { title: 'Why', cell: ({ accessDeniedReason }) => REASONS[accessDeniedReason] },
  { title: 'When', cell: ({ lastAt }) => <Time at={lastAt} /> },
]

export function LastDenials() {
  const addresses = useAddresses()
  return (
    <ShortList
      label="Last denials"
      id="v1.decisions.list"
      request={{ query: { limit: ROWS } }}
      count={4}
      columns={DENIALS}
      toOf={({ id }) => addresses.decision(id)}
      none="Nothing was denied."
      all={{ to: addresses.decisions, label: 'All denials' }}
    />
  )
}

const CHANGES: readonly Column<AuditEntry>[] = [
  { title: 'What', cell: ({ type }) => type },
  { title: 'Object', cell: ({ objectId }) => <ShortId>{objectId}</ShortId> },
  {
    title: 'Customer',
    cell: ({ customerId }) => (customerId ? <Id>{customerId}</Id> : <None />),
    isSecondary: true,
  },
  { title: 'When', cell: ({ occurredAt }) => <Time at={occurredAt} /> },
]

export function LastChanges() {
  const addresses = useAddresses()
  return (
    <ShortList
      label="Last changes"
      id="v1.audit.list"
      request={{ query: { limit: ROWS } }}
      count={4}
      columns={CHANGES}
      toOf={({ objectId }) => addresses.activity({ object: objectId })}
      none="Nothing was changed."
      all={{ to: addresses.activity(), label: 'All changes' }}
    />
  )
}
