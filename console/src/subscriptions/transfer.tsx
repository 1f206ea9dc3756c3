import type { Plan, Subscription } from '../../../src/api.gen.ts'
import { useSession } from '../api/session.tsx'
import { EVERY, useRead } from '../api/use-read.ts'
import { useProduct } from '../packages/use-product.ts'
import { choicesOf } from '../ui/choices.ts'
import { TextField } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import { Muted } from '../ui/page.tsx'
import { useForm } from '../ui/use-form.ts'
import { TEXTS } from './texts.ts'

/** Moves a subscription to another resource of its customer. */
export function TransferSubscription(props: {
  subscription: Subscription
  etag: string | undefined
  plan: Plan | undefined
  onClose: () => void
}) {
  const { subscription, etag, plan, onClose } = props
  const { id, planId, customerId, resourceId } = subscription
  const called = plan?.displayName ?? planId
  const product = useProduct(plan)
  const resources = useRead(
    'v1.customers.listResources',
    { params: { id: customerId }, query: { limit: 100 } },
    {
      everyMs: EVERY.total,
      isOn: useSession().whyNot('v1.customers.listResources') === null,
    },
  ).data?.data
  const form = useForm('v1.subscriptions.transfer', {
    first: { destinationResourceId: '' },
    etag,
    check: (fields) =>
      fields.destinationResourceId.trim() === resourceId
        ? { field: 'destinationResourceId', message: TEXTS.transferSame }
        : null,
    requestOf: (fields) => ({
      params: { id },
      body: { destinationResourceId: fields.destinationResourceId.trim() },
    }),
    doneText: ({ data }) => `The subscription to ${called} is for ${data.resourceId} now.`,
    undo:
      resourceId === null
        ? null
        : ({ send }) => send({ params: { id }, body: { destinationResourceId: resourceId } }),
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Transfer ${called}`}
      description={TEXTS.transfer}
      submit="Transfer"
      reason={product?.multipleSubscriptions === false ? TEXTS.oneOnly : null}
    >
      <TextField
        {...form.bind('destinationResourceId')}
        label="Resource"
        hint={TEXTS.transferHint}
        suggestions={choicesOf(resources?.filter((each) => each.id !== resourceId))}
        isMono
        isFirst
      />
      <Muted>{TEXTS.transferUsage}</Muted>
    </FormDialog>
  )
}
