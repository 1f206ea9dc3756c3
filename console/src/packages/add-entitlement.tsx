import type { PackageEntitlement } from '../../../src/api.gen.ts'
import { useWrite } from '../api/use-write.ts'
import { useCurrencies } from '../catalog/use-currencies.ts'
import { useFeature, useFeatures } from '../catalog/use-features.ts'
import { choicesOf, labelledChoices } from '../ui/choices.ts'
import { SelectField, TextField } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import { useForm } from '../ui/use-form.ts'
import { CreditFields, DisplayFields, FeatureFields, GivenFields } from './entitlement-fields.tsx'
import { type EntitlementFields, fieldsOf, inputOf, NOTHING, refuse } from './entitlement-values.ts'
import { OPERATIONS, pathOf } from './operations.ts'
import type { PackageState } from './state.ts'
import { TEXTS } from './texts.ts'

const TYPES = labelledChoices<EntitlementFields['type']>({
  FEATURE: 'a feature',
  CREDIT: 'credits of a currency',
})

/** Adds an entitlement to a draft. `like`: the one of a parent that it replaces. */
export function AddEntitlement(props: {
  state: PackageState
  like: PackageEntitlement | null
  onClose: () => void
}) {
  const { state, like, onClose } = props
  const { kind, id, draft } = state
  const { create, remove } = OPERATIONS[kind].entitlements
  const features = useFeatures()
  const currencies = useCurrencies()
  const removal = useWrite(remove)
  // The place of a parent's entitlement means nothing here.
  const first = like === null ? NOTHING : { ...fieldsOf(like), order: '' }
  const pricingType = draft?.pricingType ?? null
  const form = useForm(create, {
    first,
    check: (fields) => refuse(fields, feature),
    requestOf: (fields) => ({
      params: pathOf(id),
      body: { entitlements: [inputOf(fields, feature)] },
    }),
    doneText: (_, { id: target }) => `The draft of ${draft?.displayName ?? id} gives ${target}.`,
    undo: ({ fields }) => removal.mutateAsync({ params: pathOf(id, fields.id.trim()) }),
    onDone: onClose,
  })
  const { fields } = form
  const isCredit = fields.type === 'CREDIT'
  const feature = useFeature(isCredit ? '' : fields.id, features)
  const currency = currencies?.find((each) => each.id === fields.id.trim())
  const named = isCredit ? currency : feature
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title="Add entitlement"
      description={`${draft?.displayName ?? id}, version ${draft?.versionNumber}`}
      submit="Add"
      isWide
    >
      <SelectField {...form.bind('type')} label="What" choices={TYPES} />
      <TextField
        {...form.bind('id')}
        label={isCredit ? 'Currency' : 'Feature'}
        hint={named?.displayName ?? TEXTS.targetHint}
        suggestions={choicesOf(
          isCredit
            ? currencies
            : features?.filter(({ featureStatus }) => featureStatus !== 'SUSPENDED'),
        )}
        isMono
        isFirst
      />
      <GivenFields form={form} kind={kind} />
      {isCredit ? (
        <CreditFields form={form} features={features} pricingType={pricingType} />
      ) : (
        feature && (
          <FeatureFields form={form} feature={feature} pricingType={pricingType} hasReset={false} />
        )
      )}
      <DisplayFields form={form} />
    </FormDialog>
  )
}
