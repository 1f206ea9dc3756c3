import { Denials } from '../../decisions/denials.tsx'
import { Page } from '../../ui/page.tsx'

export const View = () => (
  <Page title="Denials" lead="What was denied, and why, as of then.">
    <Denials />
  </Page>
)
