import type { Decision } from '../../../src/api.gen.ts'
import { useAddresses, useAddressState } from '../address-state.ts'
import { useList } from '../api/use-read.ts'
import { formatNumber } from '../format.ts'
import { SearchField } from '../ui/field.tsx'
import { Toolbar } from '../ui/page.tsx'
import { Empty, EmptyFiltered } from '../ui/states.tsx'
import { type Column, ListTable } from '../ui/table.tsx'
import { Chip, Id, None, Time } from '../ui/text.tsx'
import { REASONS } from './reasons.ts'

const KINDS: Readonly<Record<Decision['kind'], string>> = {
  CHECK: 'check',
  CONSUME: 'consume',
  RESERVE: 'reserve',
}

const WHEN: Column<Decision> = { title: 'When', cell: ({ lastAt }) => <Time at={lastAt} /> }
const CUSTOMER: Column<Decision> = {
  title: 'Customer',
  cell: ({ customerId }) => <Id>{customerId}</Id>,
}
const OTHERS: readonly Column<Decision>[] = [
  {
    title: 'Entity',
    cell: ({ entityId }) => (entityId ? <Id>{entityId}</Id> : <None />),
    isSecondary: true,
  },
  { title: 'Of', cell: ({ featureId, currencyId }) => <Id>{featureId ?? currencyId ?? ''}</Id> },
  {
    title: 'Asked',
    cell: ({ request }) =>
      request?.requestedUsage == null ? <None /> : formatNumber(request.requestedUsage),
    isEnd: true,
    isSecondary: true,
  },
  { title: 'Why', cell: ({ accessDeniedReason }) => REASONS[accessDeniedReason] },
  { title: 'By', cell: ({ kind }) => <Chip>{KINDS[kind]}</Chip>, isSecondary: true },
  {
    title: 'Times',
    cell: ({ count }) => formatNumber(count),
    isEnd: true,
    isSecondary: true,
  },
]

/** Denials, the last first. Of one customer, or of the environment. */
export function Denials({ customerId }: { customerId?: string }) {
  const addresses = useAddresses()
  const [entity, change] = useAddressState(({ entity: id }) => id ?? '')
  const list = useList('v1.decisions.list', {
    query: {
      ...(customerId !== undefined && { customerId }),
      ...(entity !== '' && { entityId: entity }),
    },
  })
  return (
    <>
      <Toolbar>
        <SearchField
          label="Id of an entity"
          value={entity}
          onChange={(id) => change({ entity: id || null })}
        />
      </Toolbar>
      <ListTable
        label="Denials"
        list={list}
        columns={customerId === undefined ? [WHEN, CUSTOMER, ...OTHERS] : [WHEN, ...OTHERS]}
        keyOf={({ id }) => id}
        toOf={({ id }) => addresses.decision(id)}
        empty={
          entity === '' ? (
            <Empty title="Nothing was denied. Denials of checks and consumption appear here." />
          ) : (
            <EmptyFiltered what="denial" onClear={() => change({ entity: null })} />
          )
        }
      />
    </>
  )
}
