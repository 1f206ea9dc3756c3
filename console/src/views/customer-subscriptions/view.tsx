import type { ReactNode } from 'react'
import type { Subscription, SubscriptionStatus } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { EVERY, useList, useRead } from '../../api/use-read.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { useOpener } from '../../shell/use-opener.tsx'
import { Provision } from '../../subscriptions/provision.tsx'
import { StatusChip } from '../../subscriptions/status-chip.tsx'
import { CURRENT, PAST, TEXTS } from '../../subscriptions/texts.ts'
import { Section } from '../../ui/page.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Id, Name, None, ShortId, Time } from '../../ui/text.tsx'

type NameOf = (planId: string) => string | null

const columnsOf = (nameOf: NameOf, areOver: boolean): readonly Column<Subscription>[] => [
  {
    title: 'Plan',
    cell: ({ planId }) => (
      <>
        <Name name={nameOf(planId)} id={planId} /> {nameOf(planId) !== null && <Id>{planId}</Id>}
      </>
    ),
  },
  { title: 'Id', cell: ({ id }) => <ShortId>{id}</ShortId>, isSecondary: true },
  { title: 'State', cell: ({ status }) => <StatusChip status={status} /> },
  {
    title: 'Add-ons',
    cell: ({ addons }) =>
      addons.length === 0 ? (
        <None />
      ) : (
        addons.map(({ id, quantity }) => (
          <span key={id}>
            <Id>{id}</Id> {quantity > 1 && `× ${quantity}`}{' '}
          </span>
        ))
      ),
    isSecondary: true,
  },
  { title: areOver ? 'Started' : 'Starts', cell: ({ startDate }) => <Time at={startDate} /> },
  {
    title: areOver ? 'Ended' : 'Ends',
    cell: ({ effectiveEndDate }) =>
      effectiveEndDate === null ? <None>no end</None> : <Time at={effectiveEndDate} />,
  },
  {
    title: 'Resource',
    cell: ({ resourceId }) => (resourceId === null ? <None /> : <Id>{resourceId}</Id>),
    isSecondary: true,
  },
]

/** The subscriptions of the customer: those that are there or will be, then those that are over. */
export function View() {
  const opener = useOpener('v1.subscriptions.provision', 'Provision subscription')
  const { whyNot } = useSession()
  const plans = useRead(
    'v1.plans.list',
    { query: { status: ['PUBLISHED'], limit: 100 } },
    { everyMs: EVERY.total, isOn: whyNot('v1.plans.list') === null },
  ).data?.data
  const nameOf = (planId: string) => plans?.find(({ id }) => id === planId)?.displayName ?? null
  return (
    <IfPermitted id="v1.subscriptions.list">
      <List
        title="Subscriptions"
        status={CURRENT}
        nameOf={nameOf}
        actions={opener.button()}
        empty={
          <Empty title={TEXTS.empty} call="POST /api/v1/subscriptions">
            {opener.button('normal')}
          </Empty>
        }
      />
      <List
        title="Past subscriptions"
        status={PAST}
        nameOf={nameOf}
        empty={<Empty title={TEXTS.emptyPast} />}
      />
      {opener.isOpen && <Provision onClose={opener.close} />}
    </IfPermitted>
  )
}

function List(props: {
  title: string
  status: readonly SubscriptionStatus[]
  nameOf: NameOf
  actions?: ReactNode
  empty: ReactNode
}) {
  const { title, status, nameOf, actions, empty } = props
  const customer = useCustomer()
  const addresses = useAddresses()
  const list = useList('v1.subscriptions.list', {
    query: { customerId: customer.id, status: [...status] },
  })
  return (
    <Section title={title} actions={actions}>
      <ListTable
        label={title}
        list={list}
        columns={columnsOf(nameOf, status === PAST)}
        toOf={({ id }) => addresses.subscription(customer.id, id)}
        historyOf={({ id }) => addresses.historyOf(id, { customerId: customer.id })}
        what="subscription"
        empty={empty}
      />
    </Section>
  )
}
