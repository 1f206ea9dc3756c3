import { Meanwhile } from '../activity/meanwhile.tsx'
import { useRead } from '../api/use-read.ts'
import { Dialog, DialogBody } from '../ui/dialog.tsx'
import { TextField } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import { MetadataField } from '../ui/metadata-field.tsx'
import { Loading, Problem } from '../ui/states.tsx'
import { useForm } from '../ui/use-form.ts'
import { AddonFields, PlanFields } from './draft-fields.tsx'
import { bodyOf, fieldsOf, refuse } from './draft-values.ts'
import { EVENTS_OF } from './events.ts'
import { KINDS, OPERATIONS, type PackageKind, type PackageVersion } from './operations.ts'
import { NameAndDescription } from './text-fields.tsx'
import { usePeers } from './use-packages.ts'

/** The fields that are shown when somebody else has changed the draft. */
const COMPARED = {
  displayName: 'Name',
  description: 'Description',
  billingId: 'Billing id',
  parentPlanId: 'Inherits from',
  addonIds: 'Add-ons',
  maxQuantity: 'Maximum quantity',
  hasTrial: 'Trial',
  duration: 'It lasts',
  trialEnd: 'After the trial',
  budget: 'Limit in the trial',
  metadata: 'Metadata',
}

type Props = { kind: PackageKind; id: string; onClose: () => void }

/** Edits the draft of a plan or an add-on. */
export function EditDraft(props: Props) {
  const { kind, id, onClose } = props
  const request = { params: { id }, query: { draft: 'true' as const } }
  const reading = useRead(OPERATIONS[kind].retrieve, request, { isKept: false })
  if (reading.data !== undefined)
    return <DraftForm {...props} draft={reading.data.data} etag={reading.data.etag} />
  return (
    <Dialog isOpen onClose={onClose} title="Edit draft">
      <DialogBody>
        {reading.error ? (
          <Problem error={reading.error} onRetry={() => void reading.refetch()} />
        ) : (
          <Loading rows={4} />
        )}
      </DialogBody>
    </Dialog>
  )
}

function DraftForm(props: Props & { draft: PackageVersion; etag: string | undefined }) {
  const { kind, id, draft, etag, onClose } = props
  const peers = usePeers(draft.productId)
  const params = { id }
  const now = fieldsOf(draft)
  const form = useForm(OPERATIONS[kind].update, {
    first: now,
    etag,
    check: refuse,
    requestOf: (fields) => ({ params, body: bodyOf(kind, fields, draft.metadata) }),
    doneText: ({ data }) => `The draft of ${data.displayName} was changed.`,
    undo: ({ answer, send }) => send({ params, body: bodyOf(kind, now, answer.data.metadata) }),
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title="Edit draft"
      description={`Version ${draft.versionNumber} of the ${KINDS[kind].one} ${id}`}
      isWide
    >
      <Meanwhile
        error={form.refusal}
        objectId={id}
        types={EVENTS_OF[kind]}
        fields={form.compare(COMPARED)}
      />
      <NameAndDescription form={form} />
      {kind === 'plan' ? (
        <PlanFields form={form} id={id} peers={peers} />
      ) : (
        <AddonFields form={form} id={id} peers={peers} />
      )}
      <TextField {...form.bind('billingId')} label="Billing id" isMono isOptional />
      <MetadataField {...form.bind('metadata')} />
    </FormDialog>
  )
}
