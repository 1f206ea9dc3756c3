import { useNavigate } from '@tanstack/react-router'
import type { PackagePublishRequestBody } from '../../../src/api.gen.ts'
import { useAddresses } from '../address-state.ts'
import { useSession } from '../api/session.tsx'
import { EVERY, useRead } from '../api/use-read.ts'
import { SelectField } from '../ui/field.tsx'
import { FormDialog } from '../ui/form.tsx'
import { Facts, Muted } from '../ui/page.tsx'
import { Loading, Problem } from '../ui/states.tsx'
import { useForm } from '../ui/use-form.ts'
import { entitlementChanges } from './entitlement-words.ts'
import { OPERATIONS, type PackageVersion } from './operations.ts'
import { ChangeText } from './package-names.tsx'
import { Reach } from './reach.tsx'
import type { PackageState } from './state.ts'
import { AUDIENCES, TEXTS } from './texts.ts'
import { useEntitlements } from './use-entitlements.ts'
import { usePeers } from './use-packages.ts'
import { pairsOf } from './version-fields.ts'

const FIRST: PackagePublishRequestBody = { migrationType: 'NEW_CUSTOMERS' }

/** Publishes a draft. Says before what that changes, and follows what others change meanwhile. */
export function PublishDialog({ state, onClose }: { state: PackageState; onClose: () => void }) {
  const { kind, id, published } = state
  const request = { params: { id }, query: { draft: 'true' as const } }
  const reading = useRead(OPERATIONS[kind].retrieve, request, { everyMs: EVERY.panel })
  const draft = reading.data?.data ?? state.draft
  const name = draft?.displayName ?? id
  const navigate = useNavigate()
  const addresses = useAddresses()
  const mayFollow = useSession().whyNot('v1.tasks.retrieve') === null
  const form = useForm(OPERATIONS[kind].publish, {
    first: FIRST,
    requestOf: (body) => ({ params: { id }, body }),
    doneText: () => `Version ${draft?.versionNumber} of ${name} is published.`,
    onDone: ({ data: { taskId } }) => {
      onClose()
      if (taskId !== null && mayFollow) void navigate({ to: addresses.task(taskId) })
    },
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Publish version ${draft?.versionNumber} of ${name}?`}
      description={
        published === null ? TEXTS.firstVersion : TEXTS.nextVersion(published.versionNumber)
      }
      submit="Publish"
      isWide
    >
      <Differences state={state} draft={draft} />
      {published !== null && (
        <SelectField {...form.bind('migrationType')} label="Who gets it" choices={AUDIENCES} />
      )}
      {published !== null && <Reach state={state} type={form.fields.migrationType} />}
    </FormDialog>
  )
}

/** Follows what others change meanwhile in the draft, and in what it gives. */
function Differences({ state, draft }: { state: PackageState; draft: PackageVersion | null }) {
  const { published, productId } = state
  const peers = usePeers(productId)
  const was = useEntitlements(state, { isDraft: false, isOn: published !== null })
  const is = useEntitlements(state, { isDraft: true, everyMs: EVERY.panel })
  const before = published === null ? [] : was.data?.data
  const after = is.data?.data
  const error = was.error ?? is.error
  if (before === undefined || after === undefined)
    return error ? <Problem error={error} /> : <Loading rows={3} />
  const changed = [
    ...pairsOf(published, draft).filter(({ isChanged }) => isChanged),
    ...entitlementChanges(before, after),
  ]
  if (changed.length === 0) return <Muted>{TEXTS.nothing}</Muted>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keys scroll what has the focus
    <section tabIndex={0} aria-label="What changes">
      <Facts
        rows={changed.map((pair) => [
          pair.label,
          <ChangeText key={pair.label} pair={pair} peers={peers} />,
        ])}
      />
    </section>
  )
}
