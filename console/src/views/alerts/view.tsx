import { Page } from '../../ui/page.tsx'
import { Fired } from './fired.tsx'
import { TEXTS } from './texts.ts'
import { Thresholds } from './thresholds.tsx'

export const View = () => (
  <Page title="Alerts" lead={TEXTS.lead}>
    <Thresholds />
    <Fired />
  </Page>
)
