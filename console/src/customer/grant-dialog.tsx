import { useState } from 'react'
import type { Feature, PromotionalEntitlementInput, ResetPeriod } from '../../../src/api.gen.ts'
import { useRead } from '../api/use-read.ts'
import { useWrite } from '../api/use-write.ts'
import { CheckField, FieldRow, SelectField, TextField } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import type { Choice } from '../ui/select.tsx'
import { tell } from '../ui/toast.tsx'

type Period = PromotionalEntitlementInput['period']

const PERIODS: readonly Choice<Period>[] = [
  { value: 'lifetime', label: 'no end' },
  { value: '1 week', label: 'a week' },
  { value: '1 month', label: 'a month' },
  { value: '6 month', label: 'six months' },
  { value: '1 year', label: 'a year' },
  { value: 'custom', label: 'until …' },
]

const RESETS: readonly Choice<ResetPeriod | 'NEVER'>[] = [
  { value: 'NEVER', label: 'never' },
  { value: 'HOUR', label: 'every hour' },
  { value: 'DAY', label: 'every day' },
  { value: 'WEEK', label: 'every week' },
  { value: 'MONTH', label: 'every month' },
  { value: 'YEAR', label: 'every year' },
]

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
  const [fields, setFields] = useState<GrantFields>({ ...NOTHING, ...first })
  const set = (part: Partial<GrantFields>) => setFields((all) => ({ ...all, ...part }))
  const reading = useRead('v1.features.listFeatures', {
    query: { limit: 100, status: ['NEW', 'ACTIVE'] },
  })
  const features = reading.data?.data ?? []
  const feature = features.find(({ id }) => id === fields.featureId)
  const params = { id: customer.id }
  const undo = useWrite('v1.customers.promotionalEntitlements.revoke')
  const grant = useWrite('v1.customers.promotionalEntitlements.create', {
    onDone: () => {
      onClose()
      tell(`${feature?.displayName ?? fields.featureId} was granted to ${customer.name}.`, () =>
        undo.mutateAsync({ params: { ...params, featureId: fields.featureId } }),
      )
    },
  })
  return (
    <FormDialog
      isOpen
      onClose={onClose}
      title={`Grant to ${customer.name}`}
      description="The customer holds the feature in addition to what plans give."
      submit="Grant"
      isBusy={grant.isPending}
      error={grant.error ?? reading.error}
      reason={grant.reason}
      onSubmit={() =>
        grant.mutate({ params, body: { promotionalEntitlements: [inputOf(fields, feature)] } })
      }
    >
      <TextField
        name="featureId"
        label="Feature"
        value={fields.featureId}
        onChange={(featureId) => set({ featureId })}
        hint={feature ? feature.displayName : 'Its id.'}
        suggestions={features.map(({ id, displayName }) => ({ value: id, label: displayName }))}
        isMono
        isFirst
      />
      {feature && <ValueFields feature={feature} fields={fields} set={set} />}
      <FieldRow>
        <SelectField
          name="period"
          label="For"
          value={fields.period}
          onChange={(period) => set({ period })}
          choices={PERIODS}
        />
        {fields.period === 'custom' && (
          <TextField
            name="customEndDate"
            label="Until"
            type="datetime-local"
            value={fields.end}
            onChange={(end) => set({ end })}
          />
        )}
      </FieldRow>
    </FormDialog>
  )
}

/** What can be said depends on the type of the feature. */
function ValueFields(props: {
  feature: Feature
  fields: GrantFields
  set: (part: Partial<GrantFields>) => void
}) {
  const { feature, fields, set } = props
  if (feature.featureType === 'BOOLEAN') return null
  if (feature.featureType === 'ENUM')
    return (
      <fieldset style={{ display: 'grid', gap: 6, margin: 0, padding: 0, border: 0 }}>
        <legend style={{ padding: 0, marginBottom: 6 }}>Values</legend>
        {(feature.enumConfiguration ?? []).map(({ value, displayName }) => (
          <CheckField
            key={value}
            label={displayName}
            hint={value}
            isOn={fields.values.includes(value)}
            onChange={(isOn) =>
              set({
                values: isOn
                  ? [...fields.values, value]
                  : fields.values.filter((each) => each !== value),
              })
            }
          />
        ))}
      </fieldset>
    )
  const isMetered = feature.meterType !== 'None'
  return (
    <>
      <FieldRow>
        {!fields.isUnlimited && (
          <TextField
            name="usageLimit"
            label={isMetered ? 'Limit' : 'Value'}
            value={fields.limit}
            onChange={(limit) => set({ limit })}
            hint={feature.featureUnitsPlural ?? undefined}
            isNumber
          />
        )}
        {isMetered && feature.meterType === 'INCREMENTAL' && (
          <SelectField
            name="resetPeriod"
            label="Starts again"
            value={fields.reset}
            onChange={(reset) => set({ reset })}
            choices={RESETS}
          />
        )}
      </FieldRow>
      {isMetered && (
        <>
          <CheckField
            label="No limit"
            isOn={fields.isUnlimited}
            onChange={(isUnlimited) => set({ isUnlimited })}
          />
          {!fields.isUnlimited && (
            <CheckField
              label="Soft limit"
              hint="Usage may exceed it."
              isOn={fields.isSoft}
              onChange={(isSoft) => set({ isSoft })}
            />
          )}
        </>
      )}
    </>
  )
}

function inputOf(fields: GrantFields, feature: Feature | undefined): PromotionalEntitlementInput {
  const isNumber = feature?.featureType === 'NUMBER'
  const isMetered = isNumber && feature.meterType !== 'None'
  const reset = feature?.meterType === 'INCREMENTAL' && fields.reset !== 'NEVER' && fields.reset
  return {
    featureId: fields.featureId.trim(),
    period: fields.period,
    customEndDate: fields.period === 'custom' ? new Date(fields.end).toISOString() : null,
    usageLimit: isNumber && !(isMetered && fields.isUnlimited) ? Number(fields.limit) : null,
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
