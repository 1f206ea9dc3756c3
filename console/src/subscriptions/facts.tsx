import type { ReactNode } from 'react'
import type { Plan, Subscription } from '../../../src/api.gen.ts'
import { useAddresses } from '../address-state.ts'
import { PRICING_WORDS } from '../packages/words.ts'
import { Facts, LinkTo } from '../ui/page.tsx'
import { Id, Name, None, Time } from '../ui/text.tsx'
import { hasStarted, isOver, PERIOD_WORDS, REASON_WORDS } from './texts.ts'

/** What a subscription says of itself. What it does not say is left out. */
export function SubscriptionFacts(props: { subscription: Subscription; plan: Plan | undefined }) {
  const { subscription, plan } = props
  const { id, planId, cancelReason, billingPeriod, effectiveEndDate } = subscription
  const { resourceId, payingCustomerId, billingId, metadata } = subscription
  const { currentBillingPeriodEnd } = subscription
  const addresses = useAddresses()
  const some = (name: string, value: unknown, shown: ReactNode): [string, ReactNode][] =>
    value === null ? [] : [[name, shown]]
  return (
    <Facts
      rows={[
        [
          'Plan',
          <LinkTo key="plan" address={addresses.plan(planId)}>
            <Name name={plan?.displayName ?? null} id={planId} />
          </LinkTo>,
        ],
        ['Id', <Id key="id">{id}</Id>],
        ['Pricing', PRICING_WORDS[subscription.pricingType]],
        ...some('Billed for', billingPeriod, billingPeriod && PERIOD_WORDS[billingPeriod]),
        ...some('Next period', currentBillingPeriodEnd, at(currentBillingPeriodEnd)),
        [hasStarted(subscription) ? 'Started' : 'Starts', at(subscription.startDate)],
        [
          isOver(subscription) ? 'Ended' : 'Ends',
          at(effectiveEndDate) ?? <None key="end">no end</None>,
        ],
        ...some('Because', cancelReason, cancelReason && REASON_WORDS[cancelReason]),
        ...some('Trial until', subscription.trialEndDate, at(subscription.trialEndDate)),
        ...some('Resource', resourceId, <Id key="resource">{resourceId ?? ''}</Id>),
        ...some('Paid by', payingCustomerId, <Id key="payer">{payingCustomerId ?? ''}</Id>),
        ...some('Billing id', billingId, <Id key="billing">{billingId ?? ''}</Id>),
        ...Object.entries(metadata).map(([key, text]): [string, ReactNode] => [
          `Label ${key}`,
          text,
        ]),
      ]}
    />
  )
}

const at = (instant: string | null): ReactNode => instant && <Time at={instant} />
