import { useAddressState } from '../address-state.ts'

/**
 * Returns which row of a list is being edited, and functions that open and close it. This state is
 * in the address, so the browser's Back closes an editor.
 */
export function useEditInAddress<Row extends { id: string }>(rows: readonly Row[] | undefined) {
  const [editing, change] = useAddressState(({ edit }) => edit ?? null)
  return {
    edited: rows?.find(({ id }) => id === editing),
    open: (id: string) => change({ edit: id }, { isStep: true }),
    close: () => change({ edit: null }),
  }
}
