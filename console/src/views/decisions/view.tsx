import { Denials } from '../../decisions/denials.tsx'
import { Page } from '../../ui/page.tsx'

export const View = () => (
  <Page title="Denials" lead="Each denial, with the budgets and the usage of that moment.">
    <Denials />
  </Page>
)
