import { Meanwhile } from '../activity/meanwhile.tsx'
import { useRead } from '../api/use-read.ts'
import { formatNumber } from '../format.ts'
import { Dialog, DialogBody } from '../ui/dialog.tsx'
import { FieldRow } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import { Loading, Problem } from '../ui/states.tsx'
import { useForm } from '../ui/use-form.ts'
import { CadenceField, LimitField, limitOf, refuseLimit } from './budget-fields.tsx'

/** Which budget: of an entity, for a feature or a currency, within a scope. */
export type BudgetPlace = {
  customerId: string
  entityId: string
  /** Name of the entity, or its id. */
  name: string
  capability: { featureId: string } | { currencyId: string }
  scopeEntityIds: readonly string[]
}

/** Changes a budget, or makes it. */
export function BudgetDialog(props: {
  place: BudgetPlace
  /** The limit that is proposed. Default: the one that is stored. */
  limit?: number
  onClose: () => void
}) {
  const { place, limit, onClose } = props
  const reading = useRead(
    'v1Beta.customers.assignments.list',
    {
      params: { id: place.customerId },
      query: { entityId: place.entityId, limit: 100, ...place.capability },
    },
    { isKept: false },
  )
  const wanted = place.scopeEntityIds.toSorted().join()
  const rows = reading.data?.data ?? []
  const at = rows.findIndex(({ scopeEntityIds }) => scopeEntityIds.join() === wanted)
  const own = rows[at]
  const previous = rows[at - 1]
  // Only a page with one row has an entity tag.
  const alone = useRead(
    'v1Beta.customers.assignments.list',
    {
      params: { id: place.customerId },
      query: {
        entityId: place.entityId,
        limit: 1,
        ...place.capability,
        ...(previous !== undefined && { after: previous.id }),
      },
    },
    { isOn: own !== undefined, isKept: false },
  )
  const isTagRead = own === undefined || alone.data !== undefined || alone.error !== null
  if (reading.data !== undefined && isTagRead)
    return (
      <BudgetForm
        {...place}
        onClose={onClose}
        budgetId={own?.id ?? null}
        etag={alone.data?.data[0]?.id === own?.id ? alone.data?.etag : undefined}
        former={own ? { usageLimit: own.usageLimit, cadence: own.cadence } : null}
        first={{
          usageLimit: String(limit ?? own?.usageLimit ?? ''),
          cadence: own?.cadence ?? 'P1M',
        }}
      />
    )
  return (
    <Dialog isOpen onClose={onClose} title={`Budget of ${place.name}`}>
      <DialogBody>
        {reading.error ? (
          <Problem error={reading.error} onRetry={() => void reading.refetch()} />
        ) : (
          <Loading rows={2} />
        )}
      </DialogBody>
    </Dialog>
  )
}

function BudgetForm(
  props: BudgetPlace & {
    onClose: () => void
    budgetId: string | null
    etag: string | undefined
    /** Null for a new budget. */
    former: { usageLimit: number | null; cadence: string } | null
    first: { usageLimit: string; cadence: string }
  },
) {
  const { customerId, entityId, name, capability, scopeEntityIds } = props
  const { etag, former, first, onClose } = props
  const params = { id: customerId }
  const bodyOf = (budget: { usageLimit: number | null; cadence: string }) => ({
    entityEntitlements: [
      {
        entityId,
        ...capability,
        ...(scopeEntityIds.length > 0 && { scopeEntityIds: [...scopeEntityIds] }),
        ...budget,
      },
    ],
  })
  const form = useForm('v1Beta.customers.assignments.upsert', {
    first,
    etag,
    check: ({ usageLimit }) => refuseLimit(usageLimit),
    requestOf: ({ usageLimit, cadence }) => ({
      params,
      body: bodyOf({ usageLimit: limitOf(usageLimit), cadence }),
    }),
    doneText: ({ data: [budget] }) => {
      const to = budget?.usageLimit ?? null
      return `The budget of ${name} is ${to === null ? 'without a limit' : formatNumber(to)}.`
    },
    undo: former && (({ send }) => send({ params, body: bodyOf(former) })),
    onDone: onClose,
  })
  const { fields } = form
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Budget of ${name}`}
      description={
        former === null
          ? 'It has none so far.'
          : former.usageLimit === null
            ? 'It has no limit so far.'
            : `Its limit is ${formatNumber(former.usageLimit)} so far.`
      }
    >
      {props.budgetId !== null && former !== null && (
        <Meanwhile
          error={form.refusal}
          objectId={props.budgetId}
          customerId={customerId}
          fields={[
            { label: 'Limit', now: former.usageLimit ?? '', typed: fields.usageLimit },
            { label: 'Starts again every', now: former.cadence, typed: fields.cadence },
          ]}
        />
      )}
      <FieldRow>
        <LimitField {...form.bind('usageLimit')} isFirst />
        <CadenceField {...form.bind('cadence')} hint="A period of ISO 8601: P1D is a day." />
      </FieldRow>
    </FormDialog>
  )
}
