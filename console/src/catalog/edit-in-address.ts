import { useAddressState } from '../address-state.ts'

/**
 * Returns which object of a list is being edited, and functions that open and close it. This state
 * is in the address, so the browser's Back closes an editor.
 */
export function useEditInAddress(): {
  editing: string | null
  open: (id: string) => void
  close: () => void
} {
  const [editing, change] = useAddressState(({ edit }) => edit ?? null)
  return {
    editing,
    open: (id) => change({ edit: id }, { isStep: true }),
    close: () => change({ edit: null }),
  }
}
