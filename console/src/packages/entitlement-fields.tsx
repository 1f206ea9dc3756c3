import type { EntitlementWidget, Feature, PricingType, ResetPeriod } from '../../../src/api.gen.ts'
import { EnumChecks } from '../catalog/enum-checks.tsx'
import { RESETS } from '../catalog/reset-choices.ts'
import { choicesOf, labelledChoices } from '../ui/choices.ts'
import { CheckField, FieldRow, Fieldset, SelectField, TextArea, TextField } from '../ui/field.tsx'
import type { Form } from '../ui/use-form.ts'
import {
  type EntitlementFields,
  type Extent,
  isMetered,
  isResettable,
} from './entitlement-values.ts'
import { WIDGET_WORDS } from './entitlement-words.ts'
import type { PackageKind } from './operations.ts'
import { TEXTS } from './texts.ts'

type FieldsForm = Form<EntitlementFields>

const GIVEN = labelledChoices({ yes: 'gives it', no: 'takes it away' })
const MONTHLY = labelledChoices<EntitlementFields['monthly']>({
  SubscriptionStart: 'with the subscription',
  StartOfTheMonth: 'on the 1st',
})
const WEEKLY = labelledChoices<EntitlementFields['weekly']>({
  SubscriptionStart: 'with the subscription',
  EverySunday: 'on Sunday',
  EveryMonday: 'on Monday',
  EveryTuesday: 'on Tuesday',
  EveryWednesday: 'on Wednesday',
  EveryThursday: 'on Thursday',
  EveryFriday: 'on Friday',
  EverySaturday: 'on Saturday',
})
const CADENCES = labelledChoices<EntitlementFields['cadence']>({
  MONTH: 'every month',
  YEAR: 'every year',
})
const BEHAVIORS = labelledChoices<EntitlementFields['behavior']>({
  Increment: 'adds to what the plan gives',
  Override: 'replaces what the plan gives',
})

/** Whether the package gives it, and how an add-on does that. */
export function GivenFields({ form, kind }: { form: FieldsForm; kind: PackageKind }) {
  const given = (
    <SelectField
      {...form.bind('isGranted')}
      label={kind === 'plan' ? 'The plan' : 'The add-on'}
      hint={form.fields.isGranted === 'no' ? TEXTS.takenHint : undefined}
      choices={GIVEN}
    />
  )
  if (kind === 'plan') return given
  return (
    <FieldRow>
      {given}
      <SelectField {...form.bind('behavior')} label="It" choices={BEHAVIORS} />
    </FieldRow>
  )
}

/** How much of a feature is given. What can be said depends on its type. */
export function FeatureFields(props: {
  form: FieldsForm
  feature: Feature
  pricingType: PricingType | null
  /** The reset period that is stored cannot be taken away by a change. */
  hasReset: boolean
}) {
  const { form, feature, pricingType, hasReset } = props
  const { featureType, featureUnitsPlural } = feature
  const { extent, isGranted, enumValues } = form.fields
  if (featureType === 'BOOLEAN' || isGranted === 'no') return null
  if (featureType === 'ENUM')
    return (
      <EnumChecks
        feature={feature}
        value={enumValues}
        onChange={(values) => form.set({ enumValues: values })}
      />
    )
  const metered = isMetered(feature)
  const resets = hasReset ? RESETS.filter(({ value }) => value !== 'NEVER') : RESETS
  return (
    <>
      <FieldRow>
        <ExtentField form={form} hasUnlimited={metered} pricingType={pricingType} />
        {extent === 'LIMITED' && (
          <TextField
            {...form.bind('limit', 'usageLimit')}
            label={metered ? 'Limit' : 'Value'}
            hint={featureUnitsPlural ?? undefined}
            isNumber
            isOptional={!metered}
          />
        )}
      </FieldRow>
      {isResettable(feature) && <ResetFields form={form} choices={resets} isFixed={hasReset} />}
      {metered && extent !== 'UNLIMITED' && (
        <CheckField {...form.bind('isSoft')} label="Soft limit" hint="Usage may exceed it." />
      )}
    </>
  )
}

function ExtentField(props: {
  form: FieldsForm
  hasUnlimited: boolean
  pricingType: PricingType | null
}) {
  const { form, hasUnlimited, pricingType } = props
  const choices: { value: Extent; label: string }[] = [
    { value: 'LIMITED', label: 'a number' },
    ...(hasUnlimited ? [{ value: 'UNLIMITED' as const, label: 'without a limit' }] : []),
    ...(pricingType === 'CUSTOM' || form.fields.extent === 'CUSTOM'
      ? [{ value: 'CUSTOM' as const, label: 'what each subscription says' }]
      : []),
  ]
  if (choices.length === 1) return null
  return <SelectField {...form.bind('extent', 'isCustom')} label="How much" choices={choices} />
}

function ResetFields(props: {
  form: FieldsForm
  choices: readonly { value: ResetPeriod | 'NEVER'; label: string }[]
  isFixed: boolean
}) {
  const { form, choices, isFixed } = props
  const { reset } = form.fields
  return (
    <FieldRow>
      <SelectField
        {...form.bind('reset', 'resetPeriod')}
        label="Usage starts again"
        hint={isFixed ? TEXTS.resetHint : undefined}
        choices={choices}
      />
      {reset === 'MONTH' && (
        <SelectField
          {...form.bind('monthly', 'monthlyResetPeriodConfiguration')}
          label="It begins"
          choices={MONTHLY}
        />
      )}
      {reset === 'WEEK' && (
        <SelectField
          {...form.bind('weekly', 'weeklyResetPeriodConfiguration')}
          label="It begins"
          choices={WEEKLY}
        />
      )}
    </FieldRow>
  )
}

/** How many credits are given. */
export function CreditFields(props: {
  form: FieldsForm
  features: readonly Feature[] | undefined
  pricingType: PricingType | null
}) {
  const { form, features, pricingType } = props
  const { extent, isGranted } = form.fields
  return (
    <>
      {isGranted === 'yes' && (
        <FieldRow>
          <ExtentField form={form} hasUnlimited={false} pricingType={pricingType} />
          {extent === 'LIMITED' && (
            <TextField {...form.bind('limit', 'amount')} label="Credits" isNumber />
          )}
          <SelectField {...form.bind('cadence')} label="Granted" choices={CADENCES} />
        </FieldRow>
      )}
      <TextField
        {...form.bind('dependencyFeatureId')}
        label="For each of"
        hint={TEXTS.dependencyHint}
        suggestions={choicesOf(features?.filter(({ featureType }) => featureType === 'NUMBER'))}
        isMono
        isOptional
      />
      <CheckField {...form.bind('isSoft')} label="Soft limit" hint={TEXTS.softCreditsHint} />
    </>
  )
}

/** How an entitlement is shown on pages of the vendor. */
export function DisplayFields({ form }: { form: FieldsForm }) {
  const hidden = form.fields.hiddenFromWidgets
  return (
    <>
      <FieldRow>
        <TextField
          {...form.bind('displayNameOverride')}
          label="Shown as"
          hint={TEXTS.shownHint}
          isOptional
        />
        <TextField
          {...form.bind('order')}
          label="Place"
          hint={TEXTS.placeHint}
          isNumber
          isOptional
        />
      </FieldRow>
      <TextArea {...form.bind('description')} label="Description" rows={2} isOptional />
      <Fieldset legend="Hidden from">
        {(Object.keys(WIDGET_WORDS) as EntitlementWidget[]).map((widget) => (
          <CheckField
            key={widget}
            label={WIDGET_WORDS[widget]}
            value={hidden.includes(widget)}
            onChange={(isOn) =>
              form.set({
                hiddenFromWidgets: isOn
                  ? [...hidden, widget]
                  : hidden.filter((each) => each !== widget),
              })
            }
          />
        ))}
      </Fieldset>
    </>
  )
}
