import type {
  Plan,
  Product,
  Subscription,
  SubscriptionCancelRequestBody,
} from '../../../src/api.gen.ts'
import { useProduct } from '../packages/use-product.ts'
import { FieldRow, SelectField, TextField } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import { Muted } from '../ui/page.tsx'
import { useForm } from '../ui/use-form.ts'
import { ACTIONS, CANCELLATIONS, TEXTS } from './texts.ts'

type Time = NonNullable<SubscriptionCancelRequestBody['cancellationTime']>

type Fields = {
  time: Time | ''
  endDate: string
  action: NonNullable<SubscriptionCancelRequestBody['cancellationAction']>
}

const FIRST: Fields = { time: '', endDate: '', action: 'DEFAULT' }

type Props = {
  subscription: Subscription
  etag: string | undefined
  plan: Plan | undefined
  onClose: () => void
}

/** Cancels a subscription, now or later, and says before what follows. */
export function CancelSubscription({ subscription, etag, plan, onClose }: Props) {
  const { id, planId, status } = subscription
  const product = useProduct(plan)
  const called = plan?.displayName ?? planId
  const form = useForm('v1.subscriptions.cancel', {
    first: FIRST,
    etag,
    requestOf: (fields) => ({ params: { id }, body: bodyOf(fields) }),
    doneText: ({ data }) =>
      data.status === 'CANCELED'
        ? `The subscription to ${called} is canceled.`
        : `The subscription to ${called} will be canceled.`,
    onDone: onClose,
  })
  const { time, action } = form.fields
  const isNow = status === 'IN_TRIAL' || status === 'NOT_STARTED'
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Cancel ${called}?`}
      description={
        status === 'IN_TRIAL' ? TEXTS.trialCancel : isNow ? TEXTS.unstarted : TEXTS.cancelScheduled
      }
      submit="Cancel subscription"
      dismiss="Keep it"
      isDanger
    >
      <FieldRow>
        {!isNow && (
          <SelectField
            {...form.bind('time', 'cancellationTime')}
            label="When"
            hint={time === '' ? defaultText(product) : undefined}
            choices={CANCELLATIONS}
          />
        )}
        {time === 'SPECIFIC_DATE' && (
          <TextField {...form.bind('endDate')} label="Date" type="datetime-local" />
        )}
        <SelectField
          {...form.bind('action', 'cancellationAction')}
          label="What follows"
          choices={ACTIONS}
        />
      </FieldRow>
      <Muted>
        {action === 'REVOKE_ENTITLEMENTS' ? TEXTS.revoked : followsText(subscription, product)}
      </Muted>
    </FormDialog>
  )

  function bodyOf({ time, endDate, action }: Fields): SubscriptionCancelRequestBody {
    const when = isNow ? 'IMMEDIATE' : time
    return {
      ...(when !== '' && { cancellationTime: when }),
      ...(when === 'SPECIFIC_DATE' && { endDate: new Date(endDate).toISOString() }),
      cancellationAction: action,
    }
  }
}

const DEFAULTS: Readonly<Record<Time, string>> = {
  IMMEDIATE: 'The product says: now.',
  END_OF_BILLING_PERIOD: 'The product says: at the end of the billing period.',
  SPECIFIC_DATE: 'The product says: at a date, which has to be chosen.',
}

const defaultText = (product: Product | undefined): string | undefined =>
  product && DEFAULTS[product.productSettings.subscriptionCancellationTime]

/** What the product says follows the end. Free plans are followed by nothing. */
function followsText({ planId }: Subscription, product: Product | undefined): string {
  const free = product?.productSettings.downgradePlanId ?? null
  const isFollowed = product?.productSettings.subscriptionEndSetup === 'DOWNGRADE_TO_FREE'
  if (!isFollowed || free === null || free === planId) return TEXTS.followsNothing
  return `The free plan ${free} follows, unless another subscription of the product is in force.`
}
