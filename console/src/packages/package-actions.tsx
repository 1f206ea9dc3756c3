import { Archive, FilePlus, Pencil, Trash2, Upload } from 'lucide-react'
import { useState } from 'react'
import { useSession } from '../api/session.tsx'
import { useWrite } from '../api/use-write.ts'
import { useShortcuts } from '../shell/keys.ts'
import { Button } from '../ui/button.tsx'
import { tell } from '../ui/toast.tsx'
import { ArchivePackage, DiscardDraft } from './danger-dialogs.tsx'
import { EditDraft } from './edit-draft.tsx'
import { OPERATIONS } from './operations.ts'
import { PublishDialog } from './publish-dialog.tsx'
import type { PackageState } from './state.ts'
import { TEXTS } from './texts.ts'

type What = 'edit' | 'publish' | 'discard' | 'archive'

/** What can be done with a plan or an add-on. What cannot be done now says why. */
export function PackageActions({ state }: { state: PackageState }) {
  const { kind, id, published, draft } = state
  const [opened, setOpened] = useState<What | null>(null)
  const close = () => setOpened(null)
  const { whyNot } = useSession()
  const operations = OPERATIONS[kind]
  const shown = published ?? draft
  const archived = shown?.status === 'ARCHIVED' ? TEXTS.archived : null
  const noDraft = archived ?? (draft === null ? TEXTS.noDraft : null)
  const mayNot = {
    edit: noDraft ?? whyNot(operations.update),
    publish: noDraft ?? whyNot(operations.publish),
    discard: noDraft ?? whyNot(operations.removeDraft),
    archive: archived ?? whyNotArchive(state) ?? whyNot(operations.archive),
  }
  const open = (what: What) => mayNot[what] === null && setOpened(what)
  useShortcuts([
    { keys: 'e', label: 'Edit the draft', run: () => open('edit') },
    { keys: 'p', label: 'Publish the draft', run: () => open('publish') },
  ])
  const button = (what: What) => ({
    size: 'small' as const,
    reason: mayNot[what],
    onClick: () => open(what),
  })
  return (
    <>
      {draft === null && <OpenDraft state={state} reason={archived} />}
      <Button {...button('edit')} icon={Pencil}>
        Edit draft
      </Button>
      <Button {...button('discard')} icon={Trash2}>
        Discard draft
      </Button>
      <Button {...button('archive')} icon={Archive}>
        Archive
      </Button>
      <Button {...button('publish')} look="primary" icon={Upload}>
        Publish
      </Button>
      {opened === 'edit' && <EditDraft kind={kind} id={id} onClose={close} />}
      {opened === 'publish' && <PublishDialog state={state} onClose={close} />}
      {opened === 'discard' && <DiscardDraft state={state} onClose={close} />}
      {opened === 'archive' && <ArchivePackage state={state} onClose={close} />}
    </>
  )
}

function whyNotArchive({ published, draft }: PackageState): string | null {
  if (published === null) return TEXTS.unpublished
  return draft === null ? null : TEXTS.hasDraft
}

function OpenDraft({ state, reason }: { state: PackageState; reason: string | null }) {
  const { kind, id, published } = state
  const write = useWrite(OPERATIONS[kind].createDraft)
  const run = () =>
    write.mutate(
      { params: { id } },
      {
        onError: ({ message }) => tell(message),
        onSuccess: ({ data }) =>
          tell(`Version ${data.versionNumber} of ${published?.displayName ?? id} is a draft.`),
      },
    )
  return (
    <Button
      size="small"
      icon={FilePlus}
      reason={reason ?? write.reason}
      isBusy={write.isPending}
      onClick={run}
    >
      Open draft
    </Button>
  )
}
