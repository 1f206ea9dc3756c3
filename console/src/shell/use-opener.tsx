import { Plus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { OperationId } from '../api/call.ts'
import { useSession } from '../api/session.tsx'
import { Button } from '../ui/button.tsx'
import { useShortcuts } from './keys.ts'

/**
 * Returns the state of a dialog that makes something, and the button that opens it. The key `n`
 * opens it too, and `keyLabel` says so. Callers who may not use the operation see why.
 */
export function useOpener(id: OperationId, label: string, keyLabel: string = label) {
  const [isOpen, setOpen] = useState(false)
  const reason = useSession().whyNot(id)
  const open = () => setOpen(reason === null)
  useShortcuts([{ keys: 'n', label: keyLabel, run: open }])
  return {
    isOpen,
    close: () => setOpen(false),
    button: (look: 'primary' | 'normal' = 'primary'): ReactNode => (
      <Button look={look} icon={Plus} reason={reason} onClick={open}>
        {label}
      </Button>
    ),
  }
}
