import type { EntitlementExplanation, ExplainedDecision } from '../../../../src/api.gen.ts'
import { useAddresses, useParam } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { EVERY, useRead } from '../../api/use-read.ts'
import { Drawing } from '../../explain/chain.tsx'
import { Findings } from '../../explain/findings.tsx'
import { useNames } from '../../explain/names.ts'
import { Verdict } from '../../explain/verdict.tsx'
import { formatNumber } from '../../format.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Columns, Facts, Page, Section } from '../../ui/page.tsx'
import { Loaded } from '../../ui/states.tsx'
import { Id, None, Time } from '../../ui/text.tsx'

/** One denial, drawn as of then. */
export function View() {
  const decisionId = useParam('decision')
  const reading = useRead(
    'v1.decisions.retrieve',
    { params: { decisionId } },
    { everyMs: EVERY.total },
  )
  return (
    <Page title="Denial" beside={<Id>{decisionId}</Id>}>
      <Loaded reading={reading}>{({ data }) => <Stored decision={data} />}</Loaded>
    </Page>
  )
}

function Stored({ decision }: { decision: ExplainedDecision }) {
  const { explanation } = decision
  return explanation === null ? (
    <Section title="As of then" actions={<AskAgain decision={decision} />}>
      <p>Its explanation was too large to be kept.</p>
      <Facts rows={factsOf(decision)} />
    </Section>
  ) : (
    <Explanation decision={decision} explanation={explanation} />
  )
}

function Explanation(props: { decision: ExplainedDecision; explanation: EntitlementExplanation }) {
  const { decision, explanation } = props
  const { request, customerId } = decision
  const names = useNames(customerId, explanation.chains)
  const own = useRead(
    'v1.customers.retrieve',
    { params: { id: customerId } },
    { isOn: useSession().whyNot('v1.customers.retrieve') === null },
  )
  const customer = own.data?.data.name || customerId
  const amount = request?.requestedUsage ?? 0
  const capability =
    explanation.type === 'FEATURE'
      ? (explanation.feature?.displayName ?? decision.featureId ?? '')
      : explanation.currency.displayName
  return (
    <>
      <Verdict
        answer={explanation}
        amount={amount}
        customer={customer}
        capability={capability}
        values={request?.requestedValues ?? []}
        resource={decision.resourceId}
        names={names}
        atMs={new Date(decision.decidedAt).getTime()}
      />
      <Columns>
        <Drawing answer={explanation} amount={amount} customer={customer} names={names} />
        <Section title="As of then" actions={<AskAgain decision={decision} />}>
          <Facts rows={factsOf(decision)} />
          <Findings answer={explanation} customerId={customerId} />
        </Section>
      </Columns>
    </>
  )
}

const factsOf = (decision: ExplainedDecision) =>
  [
    ['First', <Time key="first" at={decision.decidedAt} />],
    ['Last', <Time key="last" at={decision.lastAt} />],
    ['Times', formatNumber(decision.count)],
    ['By', decision.kind.toLowerCase()],
    ['Caller', <Id key="actor">{decision.actor.id}</Id>],
    ['Trace', decision.traceId ? <Id key="trace">{decision.traceId}</Id> : <None key="trace" />],
    ...Object.entries(decision.request?.dimensions ?? {}).map(
      ([key, value]) => [key, <Id key={key}>{String(value)}</Id>] as const,
    ),
  ] as const

/** The same question now. */
function AskAgain({ decision }: { decision: ExplainedDecision }) {
  const addresses = useAddresses()
  const { request, customerId, featureId, currencyId } = decision
  const dimensions = Object.entries(request?.dimensions ?? {}).map(([key, value]) => [
    `d.${key}`,
    String(value),
  ])
  return (
    <LinkButton
      size="small"
      to={addresses.explain({
        customer: customerId,
        feature: featureId ?? undefined,
        currency: currencyId ?? undefined,
        amount: request?.requestedUsage?.toString(),
        values: request?.requestedValues?.join(','),
        resource: decision.resourceId ?? undefined,
        ...Object.fromEntries(dimensions),
      })}
    >
      Ask again now
    </LinkButton>
  )
}
