import type { PackagePublishRequestBody } from '../../../src/api.gen.ts'
import { EVERY, useRead } from '../api/use-read.ts'
import { FormDialog } from '../ui/form.tsx'
import { Facts, Muted } from '../ui/page.tsx'
import { useForm } from '../ui/use-form.ts'
import { OPERATIONS, type PackageVersion } from './operations.ts'
import { ChangeText } from './package-names.tsx'
import type { PackageState, Peers } from './state.ts'
import { TEXTS } from './texts.ts'
import { pairsOf } from './version-fields.ts'

const FIRST: PackagePublishRequestBody = { migrationType: 'NEW_CUSTOMERS' }

/** Publishes a draft. Says before what that changes, and follows what others change meanwhile. */
export function PublishDialog({ state, onClose }: { state: PackageState; onClose: () => void }) {
  const { kind, id, published, peers } = state
  const request = { params: { id }, query: { draft: 'true' as const } }
  const reading = useRead(OPERATIONS[kind].retrieve, request, { everyMs: EVERY.panel })
  const draft = reading.data?.data ?? state.draft
  const name = draft?.displayName ?? id
  const form = useForm(OPERATIONS[kind].publish, {
    first: FIRST,
    requestOf: (body) => ({ params: { id }, body }),
    doneText: () => `Version ${draft?.versionNumber} of ${name} is published.`,
    onDone: onClose,
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
      <Differences published={published} draft={draft} peers={peers} />
      {published !== null && <Muted>{TEXTS.who}</Muted>}
    </FormDialog>
  )
}

function Differences(props: {
  published: PackageVersion | null
  draft: PackageVersion | null
  peers: Peers
}) {
  const { published, draft, peers } = props
  const changed = pairsOf(published, draft).filter(({ isChanged }) => isChanged)
  if (changed.length === 0) return <Muted>{TEXTS.nothing}</Muted>
  return (
    <Facts
      rows={changed.map((pair) => [
        pair.label,
        <ChangeText key={pair.label} pair={pair} peers={peers} />,
      ])}
    />
  )
}
