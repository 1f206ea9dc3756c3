import { X } from 'lucide-react'
import type { PackageEntitlement } from '../../../src/api.gen.ts'
import { useWrite } from '../api/use-write.ts'
import { IconButton } from '../ui/button.tsx'
import { tell } from '../ui/toast.tsx'
import { copyOf } from './entitlement-values.ts'
import { OPERATIONS, pathOf } from './operations.ts'
import type { PackageState } from './state.ts'

/** Removes an entitlement from a draft. Undo adds it again as it was. */
export function RemoveEntitlement(props: {
  state: PackageState
  row: PackageEntitlement
  name: string
  reason: string | null
}) {
  const { state, row, name, reason } = props
  const { kind, id, draft } = state
  const operations = OPERATIONS[kind].entitlements
  const remove = useWrite(operations.remove)
  const create = useWrite(operations.create)
  const run = () =>
    remove.mutate(
      { params: pathOf(id, row.id) },
      {
        onError: ({ message }) => tell(message),
        onSuccess: () =>
          tell(`${name} was removed from the draft of ${draft?.displayName ?? id}.`, () =>
            create.mutateAsync({ params: pathOf(id), body: { entitlements: [copyOf(row)] } }),
          ),
      },
    )
  return (
    <IconButton
      size="small"
      icon={X}
      label={`Remove ${name}`}
      reason={reason ?? remove.reason}
      isBusy={remove.isPending}
      onClick={run}
    />
  )
}
