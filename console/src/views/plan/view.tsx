import { useParam } from '../../address-state.ts'
import { PackagePage } from '../../packages/package-page.tsx'
import { Versions } from '../../packages/versions.tsx'

export function View() {
  const id = useParam('plan')
  // Data of another plan does not stay while this one is read.
  return (
    <PackagePage key={id} kind="plan" id={id}>
      {(state) => <Versions state={state} />}
    </PackagePage>
  )
}
