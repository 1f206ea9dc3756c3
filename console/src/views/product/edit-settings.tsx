import type { Product, ProductUpdateProductRequestBody } from '../../../../src/api.gen.ts'
import { Meanwhile } from '../../activity/meanwhile.tsx'
import { useRead } from '../../api/use-read.ts'
import { EVENTS_OF } from '../../packages/events.ts'
import { choicesOf } from '../../ui/choices.ts'
import { CheckField, FieldRow, SelectField, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { useForm } from '../../ui/use-form.ts'
import {
  CANCELLATION_CHOICES,
  END_CHOICES,
  PRORATE_CHOICES,
  RESET_CHOICES,
  START_CHOICES,
  TEXTS,
} from './texts.ts'

/** The fields that are shown when somebody else has changed the product. */
const COMPARED = {
  several: 'Several at once',
  startSetup: 'Begin with',
  startPlan: 'First plan',
  endSetup: 'After the end',
  endPlan: 'Plan after the end',
  cancellation: 'Canceled',
  prorates: 'Prorated at the end',
  reset: 'Usage starts again',
}

type Fields = ReturnType<typeof fieldsOf>

const fieldsOf = ({ productSettings, multipleSubscriptions, usageResetCutoffRule }: Product) => {
  const prorates = productSettings.prorateAtEndOfBillingPeriod
  return {
    several: multipleSubscriptions,
    startSetup: productSettings.subscriptionStartSetup,
    startPlan: productSettings.subscriptionStartPlanId ?? '',
    endSetup: productSettings.subscriptionEndSetup,
    endPlan: productSettings.downgradePlanId ?? '',
    cancellation: productSettings.subscriptionCancellationTime,
    prorates: (prorates === null ? '' : prorates ? 'yes' : 'no') as '' | 'yes' | 'no',
    reset: usageResetCutoffRule.behavior,
  }
}

/** The settings are replaced as a whole. A plan is sent only where its setup has one. */
const bodyOf = (fields: Fields): ProductUpdateProductRequestBody => ({
  multipleSubscriptions: fields.several,
  productSettings: {
    subscriptionStartSetup: fields.startSetup,
    subscriptionStartPlanId: hasStartPlan(fields) ? fields.startPlan.trim() || null : null,
    subscriptionEndSetup: fields.endSetup,
    downgradePlanId: hasEndPlan(fields) ? fields.endPlan.trim() || null : null,
    subscriptionCancellationTime: fields.cancellation,
    prorateAtEndOfBillingPeriod: fields.prorates === '' ? null : fields.prorates === 'yes',
  },
  usageResetCutoffRule: { behavior: fields.reset },
})

const hasStartPlan = ({ startSetup }: Fields): boolean => startSetup !== 'PLAN_SELECTION'
const hasEndPlan = ({ endSetup }: Fields): boolean => endSetup === 'DOWNGRADE_TO_FREE'

export function EditSettings(props: {
  product: Product
  etag: string | undefined
  onClose: () => void
}) {
  const { product, etag, onClose } = props
  const params = { id: product.id }
  const now = fieldsOf(product)
  const plans = useRead('v1.plans.list', {
    query: { productId: product.id, status: ['PUBLISHED'], limit: 100 },
  }).data?.data
  const form = useForm('v1.products.updateProduct', {
    first: now,
    etag,
    requestOf: (fields) => ({ params, body: bodyOf(fields) }),
    doneText: ({ data }) => `The settings of ${data.displayName} were changed.`,
    undo: ({ send }) => send({ params, body: bodyOf(now) }),
    onDone: onClose,
  })
  return (
    <FormDialog form={form} onClose={onClose} title="Edit settings" description={product.id}>
      <Meanwhile
        error={form.refusal}
        objectId={product.id}
        types={EVENTS_OF.product}
        fields={form.compare(COMPARED)}
      />
      <CheckField {...form.bind('several')} label={TEXTS.several} hint={TEXTS.severalHint} />
      <FieldRow>
        <SelectField
          {...form.bind('startSetup', 'productSettings/subscriptionStartSetup')}
          label="New customers begin with"
          choices={START_CHOICES}
        />
        {hasStartPlan(form.fields) && (
          <TextField
            {...form.bind('startPlan', 'productSettings/subscriptionStartPlanId')}
            label="Plan at the start"
            suggestions={choicesOf(plans)}
            isMono
          />
        )}
      </FieldRow>
      <FieldRow>
        <SelectField
          {...form.bind('endSetup', 'productSettings/subscriptionEndSetup')}
          label="After the end"
          choices={END_CHOICES}
        />
        {hasEndPlan(form.fields) && (
          <TextField
            {...form.bind('endPlan', 'productSettings/downgradePlanId')}
            label="Plan after the end"
            suggestions={choicesOf(plans?.filter(({ pricingType }) => pricingType === 'FREE'))}
            isMono
          />
        )}
      </FieldRow>
      <FieldRow>
        <SelectField
          {...form.bind('cancellation', 'productSettings/subscriptionCancellationTime')}
          label="Cancellations take effect"
          choices={CANCELLATION_CHOICES}
        />
        <SelectField
          {...form.bind('prorates', 'productSettings/prorateAtEndOfBillingPeriod')}
          label="Prorated at the end"
          choices={PRORATE_CHOICES}
        />
      </FieldRow>
      <SelectField
        {...form.bind('reset', 'usageResetCutoffRule/behavior')}
        label="Usage starts again"
        choices={RESET_CHOICES}
      />
    </FormDialog>
  )
}
