import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import type { AuditEntry } from '../../../src/api.gen.ts'
import { useSession } from '../api/session.tsx'
import { Button } from '../ui/button.tsx'
import { Problem } from '../ui/states.tsx'
import { tell } from '../ui/toast.tsx'
import { undoOf } from './undo.ts'

/** Sends the former values of a change, if there is a way to. The audit then has both. */
export function UndoChange({ entry }: { entry: AuditEntry }) {
  const { caller, environment, whyNot } = useSession()
  const queries = useQueryClient()
  const undo = undoOf(entry)
  const sending = useMutation({
    mutationFn: async () => undo?.send(caller),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [environment] })
      tell('Undone.')
    },
  })
  if (undo === null) return null
  return (
    <>
      <div>
        <Button
          size="small"
          icon={Undo2}
          reason={whyNot(undo.id)}
          isBusy={sending.isPending}
          onClick={() => sending.mutate()}
        >
          Undo
        </Button>
      </div>
      {sending.error && <Problem error={sending.error} />}
    </>
  )
}
