import { useParam } from '../../address-state.ts'
import { Entitlements } from '../../packages/entitlements.tsx'
import { PackagePage } from '../../packages/package-page.tsx'

export function View() {
  const id = useParam('addon')
  // Data of another add-on does not stay while this one is read.
  return (
    <PackagePage key={id} kind="addon" id={id}>
      {(state) => <Entitlements state={state} />}
    </PackagePage>
  )
}
