import { Changes } from '../../audit/changes.tsx'
import { Page } from '../../ui/page.tsx'

export const View = () => (
  <Page title="Activity" lead="Who changed what, and when.">
    <Changes />
  </Page>
)
