import type { Plan, Subscription, SubscriptionMigrateRequestBody } from '../../../src/api.gen.ts'
import { usePeers } from '../packages/use-packages.ts'
import { SelectField } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import { Muted } from '../ui/page.tsx'
import { useForm } from '../ui/use-form.ts'
import { Preview } from './preview.tsx'
import { MIGRATIONS, TEXTS } from './texts.ts'

type When = NonNullable<SubscriptionMigrateRequestBody['subscriptionMigrationTime']>

const FIRST: { when: When } = { when: 'IMMEDIATE' }

/** Why a subscription is not migrated. The API does not tell which versions it has. */
export function whyNotMigrate({ status, futureUpdates }: Subscription): string | null {
  if (status === 'NOT_STARTED') return TEXTS.migrateUnstarted
  const isScheduled = futureUpdates.some(
    (each) =>
      each.subscriptionScheduleType === 'MIGRATE_TO_LATEST' && each.scheduleStatus === 'SCHEDULED',
  )
  return isScheduled ? TEXTS.migrateScheduled : null
}

/** Moves a subscription to the newest versions, after it has shown what they give. */
export function MigrateSubscription(props: {
  subscription: Subscription
  etag: string | undefined
  plan: Plan | undefined
  onClose: () => void
}) {
  const { subscription, etag, plan, onClose } = props
  const { id, planId, addons, currentBillingPeriodEnd, subscriptionEntitlements } = subscription
  const called = plan?.displayName ?? planId
  const peers = usePeers(plan?.productId)
  const form = useForm('v1.subscriptions.migrate', {
    first: FIRST,
    etag,
    requestOf: ({ when }) => ({ params: { id }, body: { subscriptionMigrationTime: when } }),
    doneText: (_, { when }) =>
      when === 'IMMEDIATE'
        ? `The subscription to ${called} has the newest versions.`
        : `The subscription to ${called} will get the newest versions.`,
    onDone: onClose,
  })
  const isLater = form.fields.when === 'END_OF_BILLING_PERIOD'
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Migrate ${called}?`}
      description={TEXTS.migrate}
      submit="Migrate"
      isWide
    >
      {currentBillingPeriodEnd !== null && (
        <SelectField
          {...form.bind('when', 'subscriptionMigrationTime')}
          label="When"
          hint={isLater ? TEXTS.migrateThen : undefined}
          choices={MIGRATIONS}
        />
      )}
      <Preview
        planId={planId}
        addons={addons.map((each) => ({ id: each.id, quantity: String(each.quantity) }))}
        peers={peers}
      />
      {subscriptionEntitlements.length > 0 && <Muted>{TEXTS.migrateOwn}</Muted>}
    </FormDialog>
  )
}
