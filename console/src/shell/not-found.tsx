import { LinkButton } from '../ui/button.tsx'
import { Page } from '../ui/page.tsx'
import { Problem } from '../ui/states.tsx'

export const NotFound = () => (
  <Page title="Not found" lead="There is no view at this address.">
    <div>
      <LinkButton to="/">Home</LinkButton>
    </div>
  </Page>
)

/** A defect of a view. The rest of the page stays. */
export const ViewProblem = ({ error, reset }: { error: unknown; reset: () => void }) => (
  <Page title="This view has failed">
    <Problem error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} />
  </Page>
)
