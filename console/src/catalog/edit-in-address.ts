import { useAddressState } from '../address-state.ts'

/**
 * Which object of a list is being edited: the address says it. Opening is a step that can be gone
 * back from.
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
