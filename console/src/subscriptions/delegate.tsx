import type { Plan, Subscription } from '../../../src/api.gen.ts'
import { useSession } from '../api/session.tsx'
import { EVERY, useRead } from '../api/use-read.ts'
import { useCustomer } from '../customer/customer-frame.tsx'
import { choicesOf } from '../ui/choices.ts'
import { TextField } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import { useForm } from '../ui/use-form.ts'
import { TEXTS } from './texts.ts'

/** Lets another customer pay for a subscription. If one does, its own customer pays again. */
export function DelegateSubscription(props: {
  subscription: Subscription
  etag: string | undefined
  plan: Plan | undefined
  onClose: () => void
}) {
  const { subscription, etag, plan, onClose } = props
  const { id, planId, customerId, payingCustomerId } = subscription
  const called = plan?.displayName ?? planId
  const customer = useCustomer()
  const owner = customer.name || customerId
  const isDelegated = payingCustomerId !== null
  const mayRead = useSession().whyNot('v1.customers.list') === null
  const customers = useRead(
    'v1.customers.list',
    { query: { limit: 100 } },
    { everyMs: EVERY.total, isOn: mayRead && !isDelegated },
  ).data?.data
  const form = useForm('v1.subscriptions.delegate', {
    first: { targetCustomerId: '' },
    etag,
    requestOf: ({ targetCustomerId }) => ({
      params: { id },
      body: { targetCustomerId: isDelegated ? customerId : targetCustomerId.trim() },
    }),
    doneText: ({ data }) => `${data.payingCustomerId ?? owner} pays for ${called} now.`,
    undo: ({ send }) =>
      send({ params: { id }, body: { targetCustomerId: payingCustomerId ?? customerId } }),
    onDone: onClose,
  })
  const typed = form.fields.targetCustomerId.trim()
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={isDelegated ? `Let ${owner} pay for ${called} itself?` : `Delegate ${called}`}
      description={isDelegated ? TEXTS.takeBack(owner, payingCustomerId) : TEXTS.delegate(owner)}
      submit={isDelegated ? 'Let it pay itself' : 'Delegate'}
    >
      {!isDelegated && (
        <TextField
          {...form.bind('targetCustomerId')}
          label="Who pays"
          hint={customers?.find((each) => each.id === typed)?.name || 'Its id.'}
          suggestions={choicesOf(customers?.filter((each) => each.id !== customerId))}
          isMono
          isFirst
        />
      )}
    </FormDialog>
  )
}
