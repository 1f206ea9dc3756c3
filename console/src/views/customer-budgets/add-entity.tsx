import { useEffect, useRef } from 'react'
import { useRead } from '../../api/use-read.ts'
import { useWrite } from '../../api/use-write.ts'
import { CadenceField, LimitField, limitOf, refuseLimit } from '../../customer/budget-fields.tsx'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { choicesOf } from '../../ui/choices.ts'
import { FieldRow, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { tell } from '../../ui/toast.tsx'
import { type Form, useForm } from '../../ui/use-form.ts'

type EntityFields = typeof NOTHING

const NOTHING = {
  id: '',
  entityTypeId: '',
  displayName: '',
  parentId: '',
  usageLimit: '',
  cadence: 'P1M',
}

/** An entity, and its place: a budget without a limit only counts. */
export function AddEntity({ feature, onClose }: { feature: string | null; onClose: () => void }) {
  const form = useAdding(feature, onClose)
  return (
    <FormDialog form={form} onClose={onClose} title="Add entity" submit="Add">
      <FieldRow>
        <TextField {...form.bind('id')} label="Id" isMono isFirst />
        <TypeField form={form} />
      </FieldRow>
      <FieldRow>
        <TextField {...form.bind('displayName')} label="Name" isOptional />
        <TextField
          {...form.bind('parentId')}
          label="Below"
          hint="Id of another entity. Empty: at the top."
          isMono
          isOptional
        />
      </FieldRow>
      {feature !== null && (
        <FieldRow>
          <LimitField {...form.bind('usageLimit')} />
          <CadenceField {...form.bind('cadence')} />
        </FieldRow>
      )}
    </FormDialog>
  )
}

/** Two calls: the entity, then its budget. Both fail at their fields. */
function useAdding(feature: string | null, onClose: () => void): Form<EntityFields> {
  const params = { id: useCustomer().id }
  const archive = useWrite('v1Beta.customers.entities.archive')
  const done = (fields: EntityFields) => {
    onClose()
    tell(`${nameOf(fields)} was added.`, () =>
      archive.mutateAsync({ params, body: { ids: [fields.id.trim()] } }),
    )
  }
  const place = useWrite('v1Beta.customers.assignments.upsert')
  const isShown = useIsShown()
  const form = useForm('v1Beta.customers.entities.upsert', {
    first: NOTHING,
    check: ({ usageLimit }) => refuseLimit(usageLimit),
    requestOf: ({ id, entityTypeId, displayName }) => ({
      params,
      body: {
        entities: [
          {
            id: id.trim(),
            entityTypeId: entityTypeId.trim(),
            ...(displayName !== '' && { displayName }),
          },
        ],
      },
    }),
    next: (_, fields) => {
      if (feature === null) return done(fields)
      const body = { entityEntitlements: [budgetOf(fields, feature)] }
      // A promise outlives the dialog, which may be closed meanwhile. A dialog that is still open
      // shows `place.error`.
      place.mutateAsync({ params, body }).then(
        () => done(fields),
        (error: Error) => {
          if (!isShown.current) tell(`${nameOf(fields)} has no budget: ${error.message}`)
        },
      )
    },
  })
  return {
    ...form,
    submit: () => {
      place.reset()
      form.submit()
    },
    isBusy: form.isBusy || place.isPending,
    error: place.error ?? form.error,
    reason: form.reason ?? place.reason,
  }
}

const nameOf = ({ id, displayName }: EntityFields): string => displayName || id.trim()

/** Whether the component is still in the page, for what ends later. */
function useIsShown() {
  const isShown = useRef(false)
  useEffect(() => {
    isShown.current = true
    return () => {
      isShown.current = false
    }
  }, [])
  return isShown
}

const budgetOf = ({ id, usageLimit, cadence, parentId }: EntityFields, featureId: string) => ({
  entityId: id.trim(),
  featureId,
  usageLimit: limitOf(usageLimit),
  cadence,
  ...(parentId !== '' && { parentId: parentId.trim() }),
})

/** The first hundred types to choose from. Others are typed. */
function TypeField({ form }: { form: Form<EntityFields> }) {
  const types = useRead('v1Beta.entityTypes.list', { query: { limit: 100 } })
  return (
    <TextField
      {...form.bind('entityTypeId')}
      label="Type"
      suggestions={choicesOf(types.data?.data)}
      isMono
    />
  )
}
