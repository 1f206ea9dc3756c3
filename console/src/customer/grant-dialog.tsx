import type { Feature, PromotionalEntitlementInput, ResetPeriod } from '../../../src/api.gen.ts'
import { useRead } from '../api/use-read.ts'
import { useWrite } from '../api/use-write.ts'
import { EnumChecks } from '../catalog/enum-checks.tsx'
import { RESETS } from '../catalog/reset-choices.ts'
import { choicesOf, labelledChoices } from '../ui/choices.ts'
import { CheckField, FieldRow, SelectField, TextField } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import { numberIn, refuseNumber } from '../ui/number.ts'
import { type Form, useForm } from '../ui/use-form.ts'

type Period = PromotionalEntitlementInput['period']

const PERIODS = labelledChoices<Period>({
  lifetime: 'no end',
  '1 week': 'a week',
  '1 month': 'a month',
  '6 month': 'six months',
  '1 year': 'a year',
  custom: 'until …',
})

/** What a grant is made of, as it is typed. */
type GrantFields = {
  featureId: string
  period: Period
  end: string
  limit: string
  isUnlimited: boolean
  isSoft: boolean
  reset: ResetPeriod | 'NEVER'
  values: readonly string[]
}

const NOTHING: GrantFields = {
  featureId: '',
  period: 'lifetime',
  end: '',
  limit: '',
  isUnlimited: false,
  isSoft: false,
  reset: 'MONTH',
  values: [],
}

/** Grants a feature to a customer, outside of any subscription. */
export function GrantDialog(props: {
  customer: { id: string; name: string }
  first?: Partial<GrantFields>
  onClose: () => void
}) {
  const { customer, first, onClose } = props
  const reading = useRead('v1.features.listFeatures', {
    query: { limit: 100, status: ['NEW', 'ACTIVE'] },
  })
  const features = reading.data?.data
  const featureOf = ({ featureId }: GrantFields) => features?.find(({ id }) => id === featureId)
  const params = { id: customer.id }
  const revoke = useWrite('v1.customers.promotionalEntitlements.revoke')
  const form = useForm('v1.customers.promotionalEntitlements.create', {
    first: { ...NOTHING, ...first },
    requestOf: (fields) => ({
      params,
      body: { promotionalEntitlements: [inputOf(fields, featureOf(fields))] },
    }),
    check: (fields) =>
      hasLimit(fields, featureOf(fields)) ? refuseNumber('usageLimit', fields.limit) : null,
    doneText: (_, fields) =>
      `${featureOf(fields)?.displayName ?? fields.featureId} was granted to ${customer.name}.`,
    undo: ({ fields: { featureId } }) => revoke.mutateAsync({ params: { ...params, featureId } }),
    onDone: onClose,
  })
  const feature = featureOf(form.fields)
  return (
    <FormDialog
      form={{ ...form, error: form.error ?? reading.error }}
      onClose={onClose}
      title={`Grant to ${customer.name}`}
      description="The customer holds the feature in addition to what plans give."
      submit="Grant"
    >
      <TextField
        {...form.bind('featureId')}
        label="Feature"
        hint={feature ? feature.displayName : 'Its id.'}
        suggestions={choicesOf(features)}
        isMono
        isFirst
      />
      {feature && <ValueFields feature={feature} form={form} />}
      <FieldRow>
        <SelectField {...form.bind('period')} label="For" choices={PERIODS} />
        {form.fields.period === 'custom' && (
          <TextField {...form.bind('end', 'customEndDate')} label="Until" type="datetime-local" />
        )}
      </FieldRow>
    </FormDialog>
  )
}

/** What can be said depends on the type of the feature. */
function ValueFields({ feature, form }: { feature: Feature; form: Form<GrantFields> }) {
  const { featureType, meterType, featureUnitsPlural } = feature
  const { isUnlimited } = form.fields
  if (featureType === 'BOOLEAN') return null
  if (featureType === 'ENUM') return <EnumChecks feature={feature} {...form.bind('values')} />
  const isMetered = meterType !== 'None'
  return (
    <>
      <FieldRow>
        {!isUnlimited && (
          <TextField
            {...form.bind('limit', 'usageLimit')}
            label={isMetered ? 'Limit' : 'Value'}
            hint={featureUnitsPlural ?? undefined}
            isNumber
          />
        )}
        {isMetered && meterType === 'INCREMENTAL' && (
          <SelectField
            {...form.bind('reset', 'resetPeriod')}
            label="Starts again"
            choices={RESETS}
          />
        )}
      </FieldRow>
      {isMetered && <CheckField {...form.bind('isUnlimited')} label="No limit" />}
      {isMetered && !isUnlimited && (
        <CheckField {...form.bind('isSoft')} label="Soft limit" hint="Usage may exceed it." />
      )}
    </>
  )
}

/** Whether a number is said: a limit, or the value of a feature that has no meter. */
const hasLimit = ({ isUnlimited }: GrantFields, feature: Feature | undefined): boolean =>
  feature?.featureType === 'NUMBER' && !(feature.meterType !== 'None' && isUnlimited)

function inputOf(fields: GrantFields, feature: Feature | undefined): PromotionalEntitlementInput {
  const isNumber = feature?.featureType === 'NUMBER'
  const isMetered = isNumber && feature.meterType !== 'None'
  const reset = feature?.meterType === 'INCREMENTAL' && fields.reset !== 'NEVER' && fields.reset
  return {
    featureId: fields.featureId.trim(),
    period: fields.period,
    customEndDate: fields.period === 'custom' ? new Date(fields.end).toISOString() : null,
    usageLimit: hasLimit(fields, feature) ? numberIn(fields.limit) : null,
    hasUnlimitedUsage: isMetered ? fields.isUnlimited : null,
    hasSoftLimit: isMetered ? fields.isSoft && !fields.isUnlimited : null,
    enumValues: feature?.featureType === 'ENUM' ? [...fields.values] : null,
    isVisible: true,
    resetPeriod: reset || null,
    yearlyResetPeriodConfiguration: reset === 'YEAR' ? { accordingTo: 'SubscriptionStart' } : null,
    monthlyResetPeriodConfiguration: reset === 'MONTH' ? { accordingTo: 'StartOfTheMonth' } : null,
    weeklyResetPeriodConfiguration: reset === 'WEEK' ? { accordingTo: 'EveryMonday' } : null,
  }
}
