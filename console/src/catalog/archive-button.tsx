import { Archive, ArchiveRestore } from 'lucide-react'
import type { OperationId, RequestOf } from '../api/call.ts'
import { useWrite } from '../api/use-write.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { tell } from '../ui/toast.tsx'

export type ArchiveProps<A extends OperationId, U extends OperationId> = {
  /** Name of the object, for sentences. */
  name: string
  isArchived: boolean
  archive: readonly [id: A, request: RequestOf<A>]
  unarchive: readonly [id: U, request: RequestOf<U>]
}

/** Archives an object, or takes it back. Both can be undone, so neither asks. */
export function ArchiveButton<A extends OperationId, U extends OperationId>(
  props: ArchiveProps<A, U> & { isIcon?: boolean },
) {
  const { name, isArchived, archive, unarchive, isIcon = false } = props
  const back = useWrite(unarchive[0])
  const away = useWrite(archive[0])
  const onError = ({ message }: Error) => tell(message)
  const run = () =>
    isArchived
      ? back.mutate(unarchive[1], {
          onError,
          onSuccess: () => tell(`${name} is active again.`, () => away.mutateAsync(archive[1])),
        })
      : away.mutate(archive[1], {
          onError,
          onSuccess: () => tell(`${name} is archived.`, () => back.mutateAsync(unarchive[1])),
        })
  const write = isArchived ? back : away
  const label = isArchived ? 'Unarchive' : 'Archive'
  const common = {
    size: 'small',
    icon: isArchived ? ArchiveRestore : Archive,
    reason: write.reason,
    isBusy: write.isPending,
    onClick: run,
  } as const
  return isIcon ? (
    <IconButton {...common} label={`${label} ${name}`} />
  ) : (
    <Button {...common}>{label}</Button>
  )
}
