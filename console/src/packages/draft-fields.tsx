import { choicesOf } from '../ui/choices.ts'
import { CheckField, FieldRow, Fieldset, SelectField, TextField } from '../ui/field.tsx'
import { Muted } from '../ui/page.tsx'
import type { FieldState, Form } from '../ui/use-form.ts'
import type { DraftFields } from './draft-values.ts'
import { TEXTS, TRIAL_ENDS, TRIAL_UNITS } from './texts.ts'
import type { Peers } from './use-packages.ts'

type Props = { form: Form<DraftFields>; id: string; peers: Peers }

/** What only plans have. */
export function PlanFields({ form, id, peers }: Props) {
  return (
    <>
      <TextField
        {...form.bind('parentPlanId')}
        label="Inherits from"
        hint={peers.plan.nameOf(form.fields.parentPlanId.trim()) ?? TEXTS.parentHint}
        suggestions={choicesOf(peers.plan.all.filter((plan) => plan.id !== id))}
        isMono
        isOptional
      />
      <AddonChecks
        {...form.bind('addonIds', 'compatibleAddonIds')}
        legend="Compatible add-ons"
        peers={peers}
      />
      <CheckField {...form.bind('hasTrial')} label="Offers a trial" />
      {form.fields.hasTrial && <TrialFields form={form} />}
    </>
  )
}

/** What only add-ons have. */
export const AddonFields = ({ form, id, peers }: Props) => (
  <>
    <TextField
      {...form.bind('maxQuantity')}
      label="Maximum quantity"
      hint={TEXTS.quantityHint}
      isNumber
      isOptional
    />
    <AddonChecks
      {...form.bind('addonIds', 'dependencies')}
      legend="Needs"
      peers={peers}
      except={id}
    />
  </>
)

/** Add-ons of the product, to choose from. One that is chosen stays, also if it is not listed. */
function AddonChecks(
  props: FieldState<readonly string[]> & { legend: string; peers: Peers; except?: string },
) {
  const { value: chosen, onChange, legend, peers, except } = props
  const listed = peers.addon.all.map(({ id }) => id).filter((id) => id !== except)
  const ids = [...new Set([...listed, ...chosen])]
  return (
    <Fieldset legend={legend}>
      {ids.length === 0 && <Muted>The product has no other add-ons.</Muted>}
      {ids.map((id) => (
        <CheckField
          key={id}
          label={peers.addon.nameOf(id) ?? id}
          hint={id}
          value={chosen.includes(id)}
          onChange={(isOn) =>
            onChange(isOn ? [...chosen, id] : chosen.filter((each) => each !== id))
          }
        />
      ))}
    </Fieldset>
  )
}

const TRIAL = 'defaultTrialConfig'

function TrialFields({ form }: { form: Form<DraftFields> }) {
  return (
    <>
      <FieldRow>
        <TextField {...form.bind('duration', `${TRIAL}/duration`)} label="It lasts" isNumber />
        <SelectField {...form.bind('units', `${TRIAL}/units`)} label="Unit" choices={TRIAL_UNITS} />
        <SelectField
          {...form.bind('trialEnd', `${TRIAL}/trialEndBehavior`)}
          label="After the trial"
          choices={TRIAL_ENDS}
        />
      </FieldRow>
      <TextField
        {...form.bind('budget', `${TRIAL}/budget/limit`)}
        label="Limit of money"
        hint={TEXTS.budgetHint}
        isNumber
        isOptional
      />
      {form.fields.budget.trim() !== '' && (
        <CheckField {...form.bind('isSoftBudget')} label="Soft limit" hint="It may be exceeded." />
      )}
    </>
  )
}
