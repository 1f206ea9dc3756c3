import { useParam } from '../../address-state.ts'
import { PackagePage } from '../../packages/package-page.tsx'
import { Versions } from '../../packages/versions.tsx'

export function View() {
  const id = useParam('addon')
  // Data of another add-on does not stay while this one is read.
  return (
    <PackagePage key={id} kind="addon" id={id}>
      {(state) => <Versions state={state} />}
    </PackagePage>
  )
}
