import type { AuditEntry, Decision } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useRead } from '../../api/use-read.ts'
import { REASONS } from '../../decisions/reasons.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Muted } from '../../ui/page.tsx'
import { IfPermitted, Loaded } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
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
  const reading = useRead('v1.decisions.list', { query: { limit: ROWS } })
  return (
    <IfPermitted id="v1.decisions.list">
      <Loaded reading={reading} rows={4}>
        {({ data }) =>
          data.length === 0 ? (
            <Muted>Nothing was denied.</Muted>
          ) : (
            <>
              <Table
                label="Last denials"
                rows={data}
                columns={DENIALS}
                keyOf={({ id }) => id}
                toOf={({ id }) => addresses.decision(id)}
              />
              <div>
                <LinkButton look="quiet" size="small" to={addresses.decisions}>
                  All denials
                </LinkButton>
              </div>
            </>
          )
        }
      </Loaded>
    </IfPermitted>
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
  const reading = useRead('v1.audit.list', { query: { limit: ROWS } })
  return (
    <IfPermitted id="v1.audit.list">
      <Loaded reading={reading} rows={4}>
        {({ data }) =>
          data.length === 0 ? (
            <Muted>Nothing was changed.</Muted>
          ) : (
            <>
              <Table
                label="Last changes"
                rows={data}
                columns={CHANGES}
                keyOf={({ id }) => id}
                toOf={({ objectId }) => addresses.activity({ object: objectId })}
              />
              <div>
                <LinkButton look="quiet" size="small" to={addresses.activity()}>
                  All changes
                </LinkButton>
              </div>
            </>
          )
        }
      </Loaded>
    </IfPermitted>
  )
}
