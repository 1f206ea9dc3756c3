import type { Overview } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useRead } from '../../api/use-read.ts'
import { Spark } from '../../charts/spark.tsx'
import { Steps } from '../../charts/steps.tsx'
import { REASONS } from '../../decisions/reasons.ts'
import { formatClock, formatCount } from '../../format.ts'
import { usePreferences } from '../../preferences.ts'
import { Page, Section } from '../../ui/page.tsx'
import { IfPermitted, Loaded } from '../../ui/states.tsx'
import { Figure } from './figure.tsx'
import { FirstSteps } from './first-steps.tsx'
import { LastChanges, LastDenials } from './last.tsx'
import { NextToRunOut } from './next-to-run-out.tsx'
import styles from './view.module.css'

export function View() {
  const overview = useRead('v1.overview.retrieve', { query: { window: '1h' } })
  return (
    <Page title="Home">
      <IfPermitted id="v1.overview.retrieve">
        <Loaded reading={overview} rows={3}>
          {({ data }) => (
            <>
              {data.customers.count === 0 && <FirstSteps />}
              <Figures overview={data} />
            </>
          )}
        </Loaded>
      </IfPermitted>
      <Section title="Runs out next">
        <NextToRunOut />
      </Section>
      <div className={styles.pair}>
        <Section title="Last denials">
          <LastDenials />
        </Section>
        <Section title="Last changes">
          <LastChanges />
        </Section>
      </div>
    </Page>
  )
}

/** Of the last hour, by minute. */
function Figures({ overview }: { overview: Overview }) {
  const { total, points, intervalSeconds, customers, entityTotal, openReservations } = overview
  const { zone } = usePreferences()
  const addresses = useAddresses()
  const decided = points.map((point) => point.checks + point.consumptions + point.reservations)
  const reason = total.denials[0]?.accessDeniedReason
  return (
    <div className={styles.figures}>
      <Figure label="Decisions in the last hour" value={total.granted + total.denied}>
        <Spark label="Decisions a minute" values={decided} />
      </Figure>
      <Figure
        label="Denied in the last hour"
        value={total.denied}
        note={reason && `most: ${REASONS[reason as keyof typeof REASONS] ?? reason}`}
        to={addresses.decisions}
      >
        <Steps
          label="Denials a minute"
          steps={points.map(({ timestamp, denied }) => ({
            key: timestamp,
            name: formatClock(timestamp, zone),
            value: denied,
            to: addresses.denialsBetween(timestamp, endOf(timestamp, intervalSeconds)),
          }))}
        />
      </Figure>
      <Figure label="Records in the last hour" value={total.records}>
        <Spark label="Records a minute" values={points.map(({ records }) => records)} />
      </Figure>
      <Figure
        label="Customers"
        value={customers.count}
        isAtLeast={customers.isLowerBound}
        note={[
          `${entityTotal.isLowerBound ? 'over ' : ''}${formatCount(entityTotal.count, 'entity', 'entities')}`,
          formatCount(openReservations.count, 'open hold'),
        ].join(', ')}
        to={addresses.customers}
      />
    </div>
  )
}

const endOf = (start: string, seconds: number): string =>
  new Date(new Date(start).getTime() + seconds * 1000).toISOString()
