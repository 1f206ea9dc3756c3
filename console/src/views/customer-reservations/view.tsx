import { Ellipsis } from 'lucide-react'
import { useState } from 'react'
import type { Reservation } from '../../../../src/api.gen.ts'
import { type Search, useFilters } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { EVERY, useList } from '../../api/use-read.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { formatNumber } from '../../format.ts'
import { IconButton } from '../../ui/button.tsx'
import { choiceIn } from '../../ui/choices.ts'
import { StateToolbar } from '../../ui/filter.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Chip, Id, None, Time } from '../../ui/text.tsx'
import { CommitDialog, ExtendDialog, ReleaseDialog } from './dialogs.tsx'
import { STATUSES, TEXTS, toneOf } from './texts.ts'

const COLUMNS: readonly Column<Reservation>[] = [
  { title: 'Of', cell: ({ featureId, currencyId }) => <Id>{featureId ?? currencyId ?? ''}</Id> },
  { title: 'Held', cell: ({ amount }) => formatNumber(amount), isEnd: true },
  {
    title: 'For',
    cell: ({ dimensions }) => {
      const values = Object.entries(dimensions)
      if (values.length === 0) return <None />
      return values.map(([key, value]) => (
        <span key={key} title={key}>
          <Id>{String(value)}</Id>{' '}
        </span>
      ))
    },
    isSecondary: true,
  },
  {
    title: 'State',
    cell: ({ status }) => <Chip tone={toneOf(status)}>{status}</Chip>,
  },
  { title: 'Ends by itself', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
  {
    title: 'Committed',
    cell: ({ committedAmount }) =>
      committedAmount === null ? <None /> : formatNumber(committedAmount),
    isEnd: true,
    isSecondary: true,
  },
  { title: 'Made', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
]

type Action = { what: 'commit' | 'extend' | 'release'; reservation: Reservation }

const filterOf = ({ status }: Search) => ({ status: choiceIn(STATUSES, status, 'open') })

/** What is held of a customer's limits and budgets: open holds, or those that have ended. */
export function View() {
  const { id } = useCustomer()
  const filters = useFilters(filterOf)
  const { status } = filters.values
  const [doing, setDoing] = useState<Action | null>(null)
  const { whyNot } = useSession()
  const list = useList(
    'v1.customers.reservations.list',
    { params: { id }, query: { status: [status] } },
    { everyMs: EVERY.panel, isOn: whyNot('v1.customers.reservations.list') === null },
  )
  const close = () => setDoing(null)
  const reason = whyNot('v1.customers.reservations.commit')
  return (
    <IfPermitted id="v1.customers.reservations.list">
      <StateToolbar {...filters.bind('status')} choices={STATUSES} />
      <ListTable
        label="Holds"
        list={list}
        columns={COLUMNS}
        actions={(reservation) =>
          reservation.status === 'open' && (
            <Menu
              trigger={
                <IconButton label={`Hold of ${formatNumber(reservation.amount)}`} icon={Ellipsis} />
              }
              items={[
                {
                  label: 'Commit',
                  reason,
                  onSelect: () => setDoing({ what: 'commit', reservation }),
                },
                {
                  label: 'Hold longer',
                  reason,
                  onSelect: () => setDoing({ what: 'extend', reservation }),
                },
                null,
                {
                  label: 'Release',
                  reason,
                  isDanger: true,
                  onSelect: () => setDoing({ what: 'release', reservation }),
                },
              ]}
            />
          )
        }
        what="hold"
        filters={filters}
        empty={<Empty title={TEXTS.empty} call={`POST /api/v1/customers/${id}/reservations`} />}
      />
      {doing?.what === 'commit' && <CommitDialog of={doing.reservation} onClose={close} />}
      {doing?.what === 'extend' && <ExtendDialog of={doing.reservation} onClose={close} />}
      {doing?.what === 'release' && <ReleaseDialog of={doing.reservation} onClose={close} />}
    </IfPermitted>
  )
}
