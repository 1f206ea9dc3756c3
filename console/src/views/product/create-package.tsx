import { useNavigate } from '@tanstack/react-router'
import type { PricingType, Product } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { KINDS, OPERATIONS, type PackageKind } from '../../packages/operations.ts'
import { Description, IdAndName } from '../../packages/text-fields.tsx'
import { usePackages } from '../../packages/use-packages.ts'
import { PRICING_CHOICES } from '../../packages/words.ts'
import { choicesOf } from '../../ui/choices.ts'
import { FieldRow, SelectField, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { MetadataField, type MetadataRow, metadataChange } from '../../ui/metadata-field.tsx'
import { numberIn, refuseNumber } from '../../ui/number.ts'
import { type Form, useForm } from '../../ui/use-form.ts'
import { TEXTS } from './texts.ts'

type Fields = {
  id: string
  displayName: string
  description: string
  pricingType: PricingType
  parentPlanId: string
  maxQuantity: string
  metadata: readonly MetadataRow[]
}

const NOTHING: Fields = {
  id: '',
  displayName: '',
  description: '',
  pricingType: 'PAID',
  parentPlanId: '',
  maxQuantity: '',
  metadata: [],
}

/** Creates a plan or an add-on of a product, as a draft. */
export function CreatePackage(props: { kind: PackageKind; product: Product; onClose: () => void }) {
  const { kind, product, onClose } = props
  const navigate = useNavigate()
  const addresses = useAddresses()
  const form = useForm(OPERATIONS[kind].create, {
    first: NOTHING,
    requestOf: (fields) => ({ body: { ...bodyOf(fields), productId: product.id } }),
    check: ({ maxQuantity }) =>
      maxQuantity.trim() === '' ? null : refuseNumber('maxQuantity', maxQuantity),
    doneText: ({ data }) => `${data.displayName} was created, as a draft.`,
    onDone: ({ data }) => {
      onClose()
      void navigate({ to: addresses[kind](data.id) })
    },
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`New ${KINDS[kind].one}`}
      description={product.displayName}
      submit="Create"
    >
      <IdAndName id={form.bind('id')} form={form} hint={TEXTS.idHint} />
      <FieldRow>
        <SelectField
          {...form.bind('pricingType')}
          label="Pricing"
          hint={TEXTS.pricingHint}
          choices={PRICING_CHOICES}
        />
        {kind === 'plan' ? (
          <ParentField form={form} productId={product.id} />
        ) : (
          <TextField
            {...form.bind('maxQuantity')}
            label="Maximum quantity"
            hint={TEXTS.quantityHint}
            isNumber
            isOptional
          />
        )}
      </FieldRow>
      <Description form={form} />
      <MetadataField {...form.bind('metadata')} />
    </FormDialog>
  )
}

function ParentField({ form, productId }: { form: Form<Fields>; productId: string }) {
  const { all, nameOf } = usePackages('plan', productId)
  return (
    <TextField
      {...form.bind('parentPlanId')}
      label="Inherits from"
      hint={nameOf(form.fields.parentPlanId.trim()) ?? TEXTS.parentHint}
      suggestions={choicesOf(all)}
      isMono
      isOptional
    />
  )
}

function bodyOf(fields: Fields) {
  const { description, pricingType, parentPlanId, maxQuantity, metadata } = fields
  return {
    id: fields.id.trim(),
    displayName: fields.displayName,
    pricingType,
    ...(description !== '' && { description }),
    ...(parentPlanId.trim() !== '' && { parentPlanId: parentPlanId.trim() }),
    ...(maxQuantity.trim() !== '' && { maxQuantity: numberIn(maxQuantity) }),
    ...(metadata.length > 0 && { metadata: metadataChange(metadata) }),
  }
}
