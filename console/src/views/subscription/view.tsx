import { ArrowUpToLine, Ban, CalendarX, MoveRight, Pencil, Wallet } from 'lucide-react'
import { useState } from 'react'
import type { Subscription } from '../../../../src/api.gen.ts'
import { useAddresses, useParam } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useRead } from '../../api/use-read.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { PackageLink } from '../../packages/package-names.tsx'
import { type Packages, usePackages } from '../../packages/use-packages.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { CancelSubscription } from '../../subscriptions/cancel.tsx'
import { DelegateSubscription } from '../../subscriptions/delegate.tsx'
import { SubscriptionFacts } from '../../subscriptions/facts.tsx'
import { GiveUp, isPending, type PendingKind } from '../../subscriptions/give-up.tsx'
import { MigrateSubscription, whyNotMigrate } from '../../subscriptions/migrate.tsx'
import { OwnLimits } from '../../subscriptions/own-limits.tsx'
import { StatusChip } from '../../subscriptions/status-chip.tsx'
import { isOver, TEXTS } from '../../subscriptions/texts.ts'
import { Timeline } from '../../subscriptions/timeline-section.tsx'
import { TransferSubscription } from '../../subscriptions/transfer.tsx'
import { UpdateSubscription } from '../../subscriptions/update.tsx'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Columns, Muted, Section, Stack } from '../../ui/page.tsx'
import { Empty, IfPermitted, Loaded } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'

export function View() {
  const id = useParam('subscription')
  // Data of another subscription does not stay while this one is read.
  return <OneSubscription key={id} id={id} />
}

function OneSubscription({ id }: { id: string }) {
  const customer = useCustomer()
  const mayRead = useSession().whyNot('v1.subscriptions.retrieve') === null
  const reading = useRead('v1.subscriptions.retrieve', { params: { id } }, { isOn: mayRead })
  return (
    <IfPermitted id="v1.subscriptions.retrieve">
      <Loaded reading={reading}>
        {({ data, etag }) =>
          data.customerId === customer.id ? (
            <Shown subscription={data} etag={etag} />
          ) : (
            <Empty title={TEXTS.notOfCustomer} />
          )
        }
      </Loaded>
    </IfPermitted>
  )
}

function Shown({ subscription, etag }: { subscription: Subscription; etag: string | undefined }) {
  const { id, planId, customerId } = subscription
  const addresses = useAddresses()
  const mayReadPlan = useSession().whyNot('v1.plans.retrieve') === null
  const plan = useRead('v1.plans.retrieve', { params: { id: planId } }, { isOn: mayReadPlan })
  const shownPlan = plan.data?.data
  const addons = usePackages('addon', shownPlan?.productId)
  const history = addresses.historyOf(id, { customerId })
  return (
    <Columns>
      <Stack>
        <Section
          title={shownPlan?.displayName ?? planId}
          actions={<Actions {...{ subscription, etag, plan: shownPlan, addons }} />}
        >
          <div>
            <StatusChip status={subscription.status} />
          </div>
          <SubscriptionFacts subscription={subscription} plan={shownPlan} />
        </Section>
        <Addons subscription={subscription} addons={addons} />
        <OwnLimits subscription={subscription} etag={etag} />
      </Stack>
      <Section
        title="Timeline"
        actions={
          <LinkButton size="small" to={history}>
            History
          </LinkButton>
        }
      >
        <Timeline subscription={subscription} />
      </Section>
    </Columns>
  )
}

type AddonRow = Subscription['addons'][number]

function Addons({ subscription, addons }: { subscription: Subscription; addons: Packages }) {
  const columns: readonly Column<AddonRow>[] = [
    {
      title: 'Add-on',
      cell: ({ id }) => <PackageLink kind="addon" id={id} nameOf={addons.nameOf} />,
    },
    { title: 'Units', cell: ({ quantity }) => quantity, isEnd: true },
  ]
  return (
    <Section title="Add-ons">
      {subscription.addons.length === 0 ? (
        <Muted>It has none.</Muted>
      ) : (
        <Table
          label="Add-ons"
          rows={subscription.addons}
          columns={columns}
          keyOf={({ id }) => id}
        />
      )}
    </Section>
  )
}

type What = 'update' | 'migrate' | 'transfer' | 'delegate' | 'cancel' | PendingKind

function Actions(props: Omit<Parameters<typeof UpdateSubscription>[0], 'onClose'>) {
  const { subscription } = props
  const [opened, setOpened] = useState<What | null>(null)
  const close = () => setOpened(null)
  const { whyNot } = useSession()
  const over = isOver(subscription) ? TEXTS.over : null
  const reasons = {
    update: over ?? whyNot('v1.subscriptions.update'),
    migrate: over ?? whyNotMigrate(subscription) ?? whyNot('v1.subscriptions.migrate'),
    transfer: over ?? whyNot('v1.subscriptions.transfer'),
    delegate: over ?? whyNot('v1.subscriptions.delegate'),
    cancel: over ?? whyNot('v1.subscriptions.cancel'),
    schedule:
      over ??
      (isPending(subscription, 'schedule') ? null : TEXTS.nothingAhead) ??
      whyNot('v1.subscriptions.futureUpdate.cancelSchedule'),
    payment: over ?? whyNot('v1.subscriptions.futureUpdate.cancelPendingPayment'),
  }
  const open = (what: What) => reasons[what] === null && setOpened(what)
  useShortcuts([{ keys: 'e', label: 'Update the subscription', run: () => open('update') }])
  const button = (what: What) => ({
    size: 'small' as const,
    reason: reasons[what],
    onClick: () => open(what),
  })
  return (
    <>
      <Button {...button('update')} icon={Pencil}>
        Update
      </Button>
      <Button {...button('migrate')} icon={ArrowUpToLine}>
        Migrate
      </Button>
      <Button {...button('transfer')} icon={MoveRight}>
        Transfer
      </Button>
      <Button {...button('delegate')} icon={Wallet}>
        Delegate
      </Button>
      <Button {...button('schedule')} icon={CalendarX}>
        Give up scheduled
      </Button>
      {isPending(subscription, 'payment') && (
        <Button {...button('payment')} icon={CalendarX}>
          Give up unpaid
        </Button>
      )}
      <Button {...button('cancel')} icon={Ban}>
        Cancel subscription
      </Button>
      {opened === 'update' && <UpdateSubscription {...props} onClose={close} />}
      {opened === 'migrate' && <MigrateSubscription {...props} onClose={close} />}
      {opened === 'transfer' && <TransferSubscription {...props} onClose={close} />}
      {opened === 'delegate' && <DelegateSubscription {...props} onClose={close} />}
      {opened === 'cancel' && <CancelSubscription {...props} onClose={close} />}
      {(opened === 'schedule' || opened === 'payment') && (
        <GiveUp {...props} what={opened} onClose={close} />
      )}
    </>
  )
}
