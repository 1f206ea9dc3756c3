import type { PackageEntitlement } from '../../../src/api.gen.ts'
import { Meanwhile } from '../activity/meanwhile.tsx'
import { useRead } from '../api/use-read.ts'
import { useWrite } from '../api/use-write.ts'
import { useFeature, useFeatures } from '../catalog/use-features.ts'
import { Dialog, DialogBody } from '../ui/dialog.tsx'
import { FormDialog } from '../ui/form.tsx'
import { Empty, Loading, Problem } from '../ui/states.tsx'
import { useForm } from '../ui/use-form.ts'
import { CreditFields, DisplayFields, FeatureFields, GivenFields } from './entitlement-fields.tsx'
import { changeOf, copyOf, fieldsOf, refuse } from './entitlement-values.ts'
import { EVENTS_OF } from './events.ts'
import { OPERATIONS, pathOf } from './operations.ts'
import type { PackageState } from './state.ts'
import { TEXTS } from './texts.ts'

/** The fields that are shown when somebody else has changed the entitlement. */
const COMPARED = {
  isGranted: 'Is given',
  extent: 'How much',
  limit: 'Number',
  isSoft: 'Soft limit',
  enumValues: 'Values',
  reset: 'Usage starts again',
  cadence: 'Granted every',
  dependencyFeatureId: 'For each of',
  behavior: 'Behavior',
  hiddenFromWidgets: 'Hidden from',
  order: 'Place',
  displayNameOverride: 'Shown as',
  description: 'Description',
}

type Props = {
  state: PackageState
  target: Pick<PackageEntitlement, 'type' | 'id'>
  /** What the feature or currency is called. */
  name: string
  onClose: () => void
}

/** Edits an entitlement of a draft. */
export function EditEntitlement(props: Props) {
  const { state, target, name, onClose } = props
  const { kind, id } = state
  // A list with one row has its entity tag.
  const query = { draft: 'true' as const, id: target.id }
  const reading = useRead(
    OPERATIONS[kind].entitlements.list,
    { params: pathOf(id), query },
    { isKept: false },
  )
  const found = reading.data?.data.find(({ type }) => type === target.type)
  if (found !== undefined)
    return <EntitlementForm {...props} entitlement={found} etag={reading.data?.etag} />
  return (
    <Dialog isOpen onClose={onClose} title={`Edit ${name}`}>
      <DialogBody>
        {reading.error ? (
          <Problem error={reading.error} onRetry={() => void reading.refetch()} />
        ) : reading.data ? (
          <Empty title={TEXTS.gone} />
        ) : (
          <Loading rows={4} />
        )}
      </DialogBody>
    </Dialog>
  )
}

function EntitlementForm(
  props: Props & { entitlement: PackageEntitlement; etag: string | undefined },
) {
  const { state, entitlement, name, etag, onClose } = props
  const { kind, id, draft } = state
  const operations = OPERATIONS[kind].entitlements
  const isCredit = entitlement.type === 'CREDIT'
  const features = useFeatures()
  const feature = useFeature(isCredit ? '' : entitlement.id, features)
  const [create, remove] = [useWrite(operations.create), useWrite(operations.remove)]
  const params = pathOf(id, entitlement.id)
  const now = fieldsOf(entitlement)
  const hasReset = entitlement.type === 'FEATURE' && entitlement.resetPeriod !== null
  const form = useForm(operations.update, {
    first: now,
    etag,
    check: (fields) => refuse(fields, feature),
    requestOf: (fields) => ({ params, body: changeOf(fields, feature) }),
    doneText: () => `${name} was changed in the draft of ${draft?.displayName ?? id}.`,
    undo: async ({ fields, send }) => {
      if (hasReset || isCredit || fields.reset === 'NEVER')
        return send({ params, body: changeOf(now, feature) })
      // A change cannot take a reset period away.
      await remove.mutateAsync({ params })
      const body = { entitlements: [copyOf(entitlement)] }
      return create.mutateAsync({ params: pathOf(id), body })
    },
    onDone: onClose,
  })
  const pricingType = draft?.pricingType ?? null
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Edit ${name}`}
      description={`${draft?.displayName ?? id}, version ${draft?.versionNumber}`}
      reason={!isCredit && feature === null ? TEXTS.featureUnread : null}
      isWide
    >
      <Meanwhile
        error={form.refusal}
        objectId={id}
        types={EVENTS_OF[kind]}
        fields={form.compare(COMPARED)}
      />
      <GivenFields form={form} kind={kind} />
      {isCredit ? (
        <CreditFields form={form} features={features} pricingType={pricingType} />
      ) : (
        feature && <FeatureFields {...{ form, feature, pricingType, hasReset }} />
      )}
      <DisplayFields form={form} />
    </FormDialog>
  )
}
