import { Plus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { OperationId } from '../api/call.ts'
import { useSession } from '../api/session.tsx'
import { Button } from '../ui/button.tsx'
import { useShortcuts } from './keys.ts'

/**
 * Returns the state of a dialog that makes something, and the button that opens it. The key `n`
 * opens it too, or another one where a view makes two kinds of things. `keyLabel` says so. Callers
 * who may not use the operation see why, and so do all others if there is a `reason`.
 */
export function useOpener(
  id: OperationId,
  label: string,
  options: { keyLabel?: string; keys?: string; reason?: string | null } = {},
) {
  const { keyLabel = label, keys = 'n' } = options
  const [isOpen, setOpen] = useState(false)
  const mayNot = useSession().whyNot(id)
  const reason = options.reason ?? mayNot
  const open = () => setOpen(reason === null)
  useShortcuts([{ keys, label: keyLabel, run: open }])
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
