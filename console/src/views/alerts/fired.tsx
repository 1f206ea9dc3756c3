import { TriangleAlert } from 'lucide-react'
import type { Event } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { formatNumber } from '../../format.ts'
import { Bar } from '../../ui/bar.tsx'
import { Section } from '../../ui/page.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Chip, Id, None, Time } from '../../ui/text.tsx'
import { type Breach, crossingIn } from './crossing.ts'
import { TEXTS } from './texts.ts'

type Row = Event & { crossing: Breach | null }

const COLUMNS: readonly Column<Row>[] = [
  { title: 'When', cell: ({ occurredAt }) => <Time at={occurredAt} />, width: '120px' },
  {
    title: 'Reached',
    cell: ({ crossing }) => (
      <Chip tone={isFull(crossing) ? 'denied' : 'near'} icon={TriangleAlert}>
        {crossing?.thresholds.map((each) => `${formatNumber(each)} %`).join(', ') ?? '—'}
      </Chip>
    ),
  },
  {
    title: 'Customer',
    cell: ({ customerId }) => (customerId === null ? <None /> : <Id>{customerId}</Id>),
    isSecondary: true,
  },
  {
    title: 'Entity',
    cell: ({ crossing }) => (crossing === null ? <None /> : <Id>{crossing.entityId}</Id>),
  },
  {
    title: 'Feature',
    cell: ({ crossing }) => (crossing === null ? <None /> : <Id>{crossing.capabilityId}</Id>),
    isSecondary: true,
  },
  { title: 'Used then', cell: ({ crossing }) => <Used of={crossing} />, isEnd: true },
  {
    title: '',
    cell: ({ crossing }) =>
      crossing !== null &&
      crossing.usageLimit !== null && (
        <Bar used={crossing.currentUsage} limit={crossing.usageLimit} />
      ),
    width: '16%',
    isSecondary: true,
  },
]

const isFull = (crossing: Breach | null): boolean =>
  crossing?.thresholds.some((each) => each >= 100) === true

function Used({ of: crossing }: { of: Breach | null }) {
  if (crossing === null) return <None />
  const { currentUsage, usageLimit } = crossing
  return usageLimit === null
    ? formatNumber(currentUsage)
    : `${formatNumber(currentUsage)} of ${formatNumber(usageLimit)}`
}

/** The budgets that reached a threshold, the last first. */
export const Fired = () => (
  <Section title={TEXTS.fired}>
    <IfPermitted id="v1.eventsLog.list">
      <FiredList />
    </IfPermitted>
  </Section>
)

function FiredList() {
  const addresses = useAddresses()
  const { who } = useSession()
  const list = useList('v1.eventsLog.list', { query: { type: [TEXTS.event] } })
  const rows = list.rows?.map((event): Row => ({ ...event, crossing: crossingIn(event.data) }))
  return (
    <ListTable
      label={TEXTS.fired}
      list={{ ...list, rows }}
      columns={COLUMNS}
      toOf={({ id }) => addresses.activity({ log: 'events', type: TEXTS.event, open: id })}
      empty={<Empty title={TEXTS.empty(who.limits.eventRetentionDays)} />}
    />
  )
}
