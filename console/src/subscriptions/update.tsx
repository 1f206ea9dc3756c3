import type {
  BillingPeriod,
  Plan,
  ScheduleStrategy,
  Subscription,
  SubscriptionUpdateRequestBody,
} from '../../../src/api.gen.ts'
import { Meanwhile } from '../activity/meanwhile.tsx'
import type { Packages } from '../packages/use-packages.ts'
import { FieldRow, SelectField, TextField } from '../ui/field.tsx'
import { localText } from '../ui/filter.tsx'
import { FormDialog } from '../ui/form.tsx'
import { MetadataField, metadataChange, metadataRows } from '../ui/metadata-field.tsx'
import { useForm } from '../ui/use-form.ts'
import { type AddonRow, AddonsField, addonsOf, refuseAddons } from './addons-field.tsx'
import { PERIODS, STRATEGIES, TEXTS } from './texts.ts'

/** The fields that are shown when somebody else has changed the subscription. */
const COMPARED = {
  addons: 'Add-ons',
  billingPeriod: 'Billed for',
  trialEndDate: 'Trial until',
  metadata: 'Metadata',
}

type Fields = ReturnType<typeof fieldsOf>

const fieldsOf = ({ addons, billingPeriod, trialEndDate, metadata }: Subscription) => ({
  addons: addons.map(
    ({ id, quantity }): AddonRow => ({ id, quantity: String(quantity) }),
  ) as readonly AddonRow[],
  billingPeriod: (billingPeriod ?? '') as BillingPeriod | '',
  strategy: '' as ScheduleStrategy | '',
  trialEndDate: trialEndDate === null ? '' : localText(trialEndDate),
  metadata: metadataRows(metadata),
})

/** Only what differs: what is sent replaces what was scheduled before. */
function bodyOf(
  fields: Fields,
  now: Fields,
  stored: Subscription['metadata'],
): SubscriptionUpdateRequestBody {
  const differs = (name: keyof Fields) => JSON.stringify(fields[name]) !== JSON.stringify(now[name])
  const { addons, billingPeriod, strategy, trialEndDate, metadata } = fields
  return {
    ...(differs('addons') && { addons: addonsOf(addons) }),
    ...(differs('billingPeriod') && billingPeriod !== '' && { billingPeriod }),
    ...(strategy !== '' && { scheduleStrategy: strategy }),
    ...(differs('trialEndDate') &&
      trialEndDate !== '' && { trialEndDate: new Date(trialEndDate).toISOString() }),
    ...(differs('metadata') && { metadata: metadataChange(metadata, stored) }),
  }
}

/** Changes a subscription, now or later. */
export function UpdateSubscription(props: {
  subscription: Subscription
  etag: string | undefined
  plan: Plan | undefined
  addons: Packages
  onClose: () => void
}) {
  const { subscription, etag, plan, addons, onClose } = props
  const { id, customerId, metadata } = subscription
  const params = { id }
  const now = fieldsOf(subscription)
  const form = useForm('v1.subscriptions.update', {
    first: now,
    etag,
    check: (fields) => refuseAddons(fields.addons),
    requestOf: (fields) => ({ params, body: bodyOf(fields, now, metadata) }),
    doneText: () => `The subscription to ${plan?.displayName ?? subscription.planId} was changed.`,
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title="Update subscription"
      description={TEXTS.updateHint}
      isWide
    >
      <Meanwhile
        error={form.refusal}
        objectId={id}
        customerId={customerId}
        fields={form.compare(COMPARED)}
      />
      <AddonsField
        {...form.bind('addons')}
        addons={addons}
        compatible={plan === undefined ? null : (plan.compatibleAddonIds ?? [])}
      />
      <FieldRow>
        <SelectField
          {...form.bind('billingPeriod')}
          label="Billed for"
          hint={TEXTS.periodHint}
          choices={now.billingPeriod === '' ? PERIODS : PERIODS.filter(({ value }) => value !== '')}
        />
        <SelectField
          {...form.bind('strategy', 'scheduleStrategy')}
          label="Takes effect"
          choices={STRATEGIES}
        />
        {subscription.status === 'IN_TRIAL' && (
          <TextField
            {...form.bind('trialEndDate')}
            label="Trial until"
            hint={TEXTS.trialHint}
            type="datetime-local"
          />
        )}
      </FieldRow>
      <MetadataField {...form.bind('metadata')} />
    </FormDialog>
  )
}
