import { useNavigate } from '@tanstack/react-router'
import type { BillingPeriod, ScheduleStrategy, TrialEndBehavior } from '../../../src/api.gen.ts'
import { useAddresses } from '../address-state.ts'
import { useSession } from '../api/session.tsx'
import { EVERY, useRead } from '../api/use-read.ts'
import { useCustomer } from '../customer/customer-frame.tsx'
import { usePeers } from '../packages/use-packages.ts'
import { choicesOf } from '../ui/choices.ts'
import { FieldRow, SelectField, TextField } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import { MetadataField, type MetadataRow, metadataChange } from '../ui/metadata-field.tsx'
import { type Form, useForm } from '../ui/use-form.ts'
import { type AddonRow, AddonsField, addonsOf, refuseAddons } from './addons-field.tsx'
import { Preview } from './preview.tsx'
import { PERIODS, STRATEGIES, TEXTS, TRIAL_ENDS, TRIALS } from './texts.ts'

type Fields = {
  planId: string
  id: string
  resourceId: string
  billingPeriod: BillingPeriod | ''
  addons: readonly AddonRow[]
  start: string
  end: string
  strategy: ScheduleStrategy | ''
  trial: '' | 'yes' | 'no'
  trialEndDate: string
  trialEnd: TrialEndBehavior | ''
  payingCustomerId: string
  metadata: readonly MetadataRow[]
}

const NOTHING: Fields = {
  planId: '',
  id: '',
  resourceId: '',
  billingPeriod: '',
  addons: [],
  start: '',
  end: '',
  strategy: '',
  trial: '',
  trialEndDate: '',
  trialEnd: '',
  payingCustomerId: '',
  metadata: [],
}

/** Gives the customer a plan, and tells before what that grants. */
export function Provision({ onClose }: { onClose: () => void }) {
  const customer = useCustomer()
  const navigate = useNavigate()
  const addresses = useAddresses()
  const mayRead = useSession().whyNot('v1.plans.list') === null
  const plans = useRead(
    'v1.plans.list',
    { query: { status: ['PUBLISHED'], limit: 100 } },
    { everyMs: EVERY.total, isOn: mayRead },
  ).data?.data
  const form = useForm('v1.subscriptions.provision', {
    first: NOTHING,
    check: ({ addons }) => refuseAddons(addons),
    requestOf: (fields) => ({ body: { customerId: customer.id, ...bodyOf(fields) } }),
    doneText: ({ data }) =>
      data.isScheduled
        ? `${data.subscription.planId} is scheduled for ${customer.name || customer.id}.`
        : `${customer.name || customer.id} has ${data.subscription.planId}.`,
    onDone: ({ data }) => {
      onClose()
      void navigate({ to: addresses.subscription(customer.id, data.id) })
    },
  })
  const planId = form.fields.planId.trim()
  const plan = plans?.find(({ id }) => id === planId)
  const peers = usePeers(plan?.productId)
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title="Provision subscription"
      description={TEXTS.provision}
      submit="Provision"
      isWide
    >
      <FieldRow>
        <TextField
          {...form.bind('planId')}
          label="Plan"
          hint={plan?.displayName ?? 'Its id.'}
          suggestions={choicesOf(plans)}
          isMono
          isFirst
        />
        <SelectField {...form.bind('billingPeriod')} label="Billed for" choices={PERIODS} />
      </FieldRow>
      <AddonsField
        {...form.bind('addons')}
        addons={peers.addon}
        compatible={plan === undefined ? null : (plan.compatibleAddonIds ?? [])}
      />
      <Preview planId={planId} addons={form.fields.addons} peers={peers} />
      <WhenFields form={form} />
      <OtherFields form={form} />
    </FormDialog>
  )
}

type FieldsForm = { form: Form<Fields> }

/** When it starts, how, and until when. */
function WhenFields({ form }: FieldsForm) {
  const trial = 'trialOverrideConfiguration'
  return (
    <>
      <FieldRow>
        <TextField
          {...form.bind('start', 'startDate')}
          label="Starts"
          hint={TEXTS.startHint}
          type="datetime-local"
          isOptional
        />
        <TextField
          {...form.bind('end', 'cancellationDate')}
          label="Is canceled"
          hint={TEXTS.endHint}
          type="datetime-local"
          isOptional
        />
        <SelectField
          {...form.bind('strategy', 'scheduleStrategy')}
          label="Takes effect"
          choices={STRATEGIES}
        />
      </FieldRow>
      <FieldRow>
        <SelectField {...form.bind('trial', `${trial}/isTrial`)} label="Trial" choices={TRIALS} />
        {form.fields.trial === 'yes' && (
          <>
            <TextField
              {...form.bind('trialEndDate', `${trial}/trialEndDate`)}
              label="Trial until"
              hint="Nothing: as long as the plan says."
              type="datetime-local"
              isOptional
            />
            <SelectField
              {...form.bind('trialEnd', `${trial}/trialEndBehavior`)}
              label="After the trial"
              choices={TRIAL_ENDS}
            />
          </>
        )}
      </FieldRow>
    </>
  )
}

const OtherFields = ({ form }: FieldsForm) => (
  <>
    <FieldRow>
      <TextField {...form.bind('id')} label="Id" hint={TEXTS.idHint} isMono isOptional />
      <TextField
        {...form.bind('resourceId')}
        label="Resource"
        hint={TEXTS.resourceHint}
        isMono
        isOptional
      />
      <TextField
        {...form.bind('payingCustomerId')}
        label="Paid by"
        hint={TEXTS.payingHint}
        isMono
        isOptional
      />
    </FieldRow>
    <MetadataField {...form.bind('metadata')} />
  </>
)

const instantOf = (text: string): string => new Date(text).toISOString()

function bodyOf(fields: Fields) {
  const { planId, id, resourceId, billingPeriod, addons, start, end } = fields
  const { strategy, trial, trialEndDate, trialEnd, payingCustomerId, metadata } = fields
  return {
    planId: planId.trim(),
    ...(id.trim() !== '' && { id: id.trim() }),
    ...(resourceId.trim() !== '' && { resourceId: resourceId.trim() }),
    ...(billingPeriod !== '' && { billingPeriod }),
    ...(addons.length > 0 && { addons: addonsOf(addons) }),
    ...(start !== '' && { startDate: instantOf(start) }),
    ...(end !== '' && { cancellationDate: instantOf(end) }),
    ...(strategy !== '' && { scheduleStrategy: strategy }),
    ...(trial !== '' && {
      trialOverrideConfiguration: {
        isTrial: trial === 'yes',
        ...(trial === 'yes' && trialEndDate !== '' && { trialEndDate: instantOf(trialEndDate) }),
        ...(trial === 'yes' && trialEnd !== '' && { trialEndBehavior: trialEnd }),
      },
    }),
    ...(payingCustomerId.trim() !== '' && { payingCustomerId: payingCustomerId.trim() }),
    ...(metadata.length > 0 && { metadata: metadataChange(metadata) }),
  }
}
