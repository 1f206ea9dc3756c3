import { useState } from 'react'
import { useRead } from '../../api/use-read.ts'
import { useWrite } from '../../api/use-write.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { FieldRow, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { tell } from '../../ui/toast.tsx'

const NOTHING = { id: '', type: '', name: '', parent: '', limit: '', cadence: 'P1M' }

/** An entity, and its place: a budget without a limit only counts. */
export function AddEntity({ feature, onClose }: { feature: string | null; onClose: () => void }) {
  const customer = useCustomer()
  const [fields, setFields] = useState(NOTHING)
  const set = (part: Partial<typeof NOTHING>) => setFields((all) => ({ ...all, ...part }))
  const params = { id: customer.id }
  const archive = useWrite('v1Beta.customers.entities.archive')
  const entityId = fields.id.trim()
  const done = () => {
    onClose()
    tell(`${fields.name || entityId} was added.`, () =>
      archive.mutateAsync({ params, body: { ids: [entityId] } }),
    )
  }
  const place = useWrite('v1Beta.customers.assignments.upsert', { onDone: done })
  const add = useWrite('v1Beta.customers.entities.upsert', {
    onDone: () => {
      if (feature === null) done()
      else
        place.mutate({
          params,
          body: {
            entityEntitlements: [
              {
                entityId,
                featureId: feature,
                usageLimit: fields.limit.trim() === '' ? null : Number(fields.limit),
                cadence: fields.cadence,
                ...(fields.parent !== '' && { parentId: fields.parent.trim() }),
              },
            ],
          },
        })
    },
  })
  return (
    <FormDialog
      isOpen
      onClose={onClose}
      title="Add entity"
      submit="Add"
      isBusy={add.isPending || place.isPending}
      error={place.error ?? add.error}
      reason={add.reason ?? place.reason}
      onSubmit={() =>
        add.mutate({
          params,
          body: {
            entities: [
              {
                id: entityId,
                entityTypeId: fields.type.trim(),
                ...(fields.name !== '' && { displayName: fields.name }),
              },
            ],
          },
        })
      }
    >
      <EntityFields fields={fields} set={set} hasBudget={feature !== null} />
    </FormDialog>
  )
}

function EntityFields(props: {
  fields: typeof NOTHING
  set: (part: Partial<typeof NOTHING>) => void
  hasBudget: boolean
}) {
  const { fields, set, hasBudget } = props
  const types = useRead('v1Beta.entityTypes.list', { query: { limit: 100 } })
  return (
    <>
      <FieldRow>
        <TextField
          name="id"
          label="Id"
          value={fields.id}
          onChange={(id) => set({ id })}
          isMono
          isFirst
        />
        <TextField
          name="entityTypeId"
          label="Type"
          value={fields.type}
          onChange={(type) => set({ type })}
          suggestions={(types.data?.data ?? []).map(({ id, displayName }) => ({
            value: id,
            label: displayName,
          }))}
          isMono
        />
      </FieldRow>
      <FieldRow>
        <TextField
          name="displayName"
          label="Name"
          value={fields.name}
          onChange={(name) => set({ name })}
          isOptional
        />
        <TextField
          name="parentId"
          label="Below"
          value={fields.parent}
          onChange={(parent) => set({ parent })}
          hint="Id of another entity. Empty: at the top."
          isMono
          isOptional
        />
      </FieldRow>
      {hasBudget && (
        <FieldRow>
          <TextField
            name="usageLimit"
            label="Limit"
            value={fields.limit}
            onChange={(limit) => set({ limit })}
            hint="Empty: usage is counted without a limit."
            isNumber
            isOptional
          />
          <TextField
            name="cadence"
            label="Starts again every"
            value={fields.cadence}
            onChange={(cadence) => set({ cadence })}
            suggestions={['PT1H', 'P1D', 'P1W', 'P1M', 'P1Y']}
            isMono
          />
        </FieldRow>
      )}
    </>
  )
}
