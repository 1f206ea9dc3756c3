import { Pencil } from 'lucide-react'
import type { OperationId } from '../api/call.ts'
import { IconButton } from '../ui/button.tsx'
import { ArchiveButton, type ArchiveProps } from './archive-button.tsx'

/** The buttons of a row: they edit the object, and archive it or take it back. */
export function RowActions<A extends OperationId, U extends OperationId>(
  props: ArchiveProps<A, U> & { onEdit: () => void },
) {
  return (
    <>
      <IconButton size="small" icon={Pencil} label={`Edit ${props.name}`} onClick={props.onEdit} />
      <ArchiveButton {...props} isIcon />
    </>
  )
}
