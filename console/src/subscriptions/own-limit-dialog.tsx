import type { Subscription } from '../../../src/api.gen.ts'
import { Meanwhile } from '../activity/meanwhile.tsx'
import { useFeature, useFeatures } from '../catalog/use-features.ts'
import { FeatureFields } from '../packages/entitlement-fields.tsx'
import { NOTHING, refuse } from '../packages/entitlement-values.ts'
import { choicesOf } from '../ui/choices.ts'
import { TextField } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import { useForm } from '../ui/use-form.ts'
import type { OwnLimit } from './own-limit-values.ts'
import { fieldsOfLimit, inputOfFields, inputOfLimit, limitsWith } from './own-limit-values.ts'
import { TEXTS } from './texts.ts'

/** The fields that are shown when somebody else has changed the subscription. */
const COMPARED = { id: 'Feature', extent: 'How much', limit: 'Number', reset: 'Usage starts again' }

/** Adds a limit of a subscription, or changes one. */
export function OwnLimitDialog(props: {
  subscription: Subscription
  etag: string | undefined
  /** Null: a new one. */
  limit: OwnLimit | null
  onClose: () => void
}) {
  const { subscription, etag, limit, onClose } = props
  const { id, customerId, subscriptionEntitlements: stored } = subscription
  const features = useFeatures()
  const form = useForm('v1.subscriptions.update', {
    first: limit === null ? NOTHING : fieldsOfLimit(limit),
    etag,
    check: (fields) => refuse(fields, feature),
    requestOf: (fields) => {
      const changed = inputOfFields(fields, feature)
      return {
        params: { id },
        body: { entitlements: limitsWith(stored, changed, limit?.id ?? null) },
      }
    },
    doneText: (_, fields) => `The subscription has its own limit of ${fields.id.trim()}.`,
    undo: ({ send }) => send({ params: { id }, body: { entitlements: stored.map(inputOfLimit) } }),
    onDone: onClose,
  })
  const feature = useFeature(form.fields.id, features)
  const offered = features?.filter(
    ({ featureType, featureStatus }) => featureType !== 'ENUM' && featureStatus !== 'SUSPENDED',
  )
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={limit === null ? 'Add own limit' : `Own limit of ${feature?.displayName ?? limit.id}`}
      description={TEXTS.ownLimitHint}
      reason={limit !== null && feature === null ? TEXTS.featureUnread : null}
    >
      <Meanwhile
        error={form.refusal}
        objectId={id}
        customerId={customerId}
        fields={form.compare(COMPARED)}
      />
      {limit === null && (
        <TextField
          {...form.bind('id')}
          label="Feature"
          hint={feature?.displayName ?? TEXTS.featureHint}
          suggestions={choicesOf(offered)}
          isMono
          isFirst
        />
      )}
      {feature && (
        <FeatureFields form={form} feature={feature} pricingType={null} hasReset={false} />
      )}
    </FormDialog>
  )
}
