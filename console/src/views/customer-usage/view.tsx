import type { Feature } from '../../../../src/api.gen.ts'
import { useAddressState } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { EVERY, useRead } from '../../api/use-read.ts'
import { IncrementChart } from '../../charts/increments.tsx'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { useMeteredFeatures } from '../../customer/use-metered-features.ts'
import { Button } from '../../ui/button.tsx'
import { choicesOf } from '../../ui/choices.ts'
import { CsvButton } from '../../ui/download.tsx'
import { FilterInstant, FilterSelect } from '../../ui/filter.tsx'
import { Muted, Section, Toolbar } from '../../ui/page.tsx'
import { Empty, IfPermitted, Loaded, Loading } from '../../ui/states.tsx'
import { GROUPS, INTERVALS, readAddress, shifted, type UsageAddress } from './address.ts'
import { intervalText, nameOf, summaryOf, TEXTS } from './texts.ts'

/** Features that are shown below each other. Each is a request. */
const MOST_FEATURES = 4

/** What a customer has used, by interval: of one feature, by entity, or feature by feature. */
export function View() {
  const [address, change] = useAddressState(readAddress)
  const read = useMeteredFeatures()
  const features = read ?? []
  const chosen = features.find(({ id }) => id === address.feature) ?? features[0]
  const isByFeature = address.group === 'feature'
  const shown = isByFeature
    ? features.slice(0, MOST_FEATURES)
    : chosen === undefined
      ? []
      : [chosen]
  return (
    <IfPermitted id="v1.usage.series">
      <Toolbar>
        {chosen !== undefined && !isByFeature && (
          <FilterSelect
            label="Feature"
            value={chosen.id}
            onChange={(feature) => change({ feature })}
            choices={choicesOf(features)}
          />
        )}
        <RangeFields address={address} change={change} />
      </Toolbar>
      {read === undefined && <Loading />}
      {read?.length === 0 && <Empty title={TEXTS.empty} />}
      {shown.map((feature) => (
        <FeatureUsage key={feature.id} feature={feature} address={address} change={change} />
      ))}
      {isByFeature && features.length > MOST_FEATURES && <Muted>{TEXTS.more(MOST_FEATURES)}</Muted>}
    </IfPermitted>
  )
}

type Change = (changes: Readonly<Record<string, string | null>>) => void

function RangeFields({ address, change }: { address: UsageAddress; change: Change }) {
  const set = (name: string) => (instant: string) => change({ [name]: instant || null })
  return (
    <>
      <FilterSelect
        label="By"
        value={address.interval}
        onChange={(interval) => change({ interval, from: null, to: null })}
        choices={INTERVALS}
      />
      <FilterSelect
        label="Group"
        value={address.group}
        onChange={(group) => change({ group: group === 'none' ? null : group })}
        choices={GROUPS}
      />
      <FilterInstant label="From" value={address.from} onChange={set('from')} />
      <FilterInstant label="To" value={address.to} onChange={set('to')} />
    </>
  )
}

function FeatureUsage(props: { feature: Feature; address: UsageAddress; change: Change }) {
  const { feature, address, change } = props
  const { interval, group, from, to } = address
  const { id } = useCustomer()
  const reason = useSession().whyNot('v1.usage.series')
  const request = {
    query: {
      featureId: feature.id,
      customerId: [id],
      interval,
      ...(group === 'entity' && { groupBy: group }),
      ...(from !== '' && { from }),
      ...(to !== '' && { to }),
    },
  }
  const reading = useRead('v1.usage.series', request, {
    everyMs: EVERY.total,
    isOn: reason === null,
  })
  const range = reading.data?.data
  const move = (direction: -1 | 1) => range && change(shifted(range, direction))
  return (
    <Section
      title={feature.displayName}
      actions={
        <>
          <Button size="small" onClick={() => move(-1)}>
            Earlier
          </Button>
          <Button size="small" onClick={() => move(1)}>
            Later
          </Button>
          <CsvButton id="v1.usage.series" request={request} name={`usage ${id} ${feature.id}`} />
        </>
      }
    >
      <Loaded reading={reading} rows={6}>
        {({ data }) => (
          <IncrementChart
            label={`Usage of ${feature.displayName} by ${interval}`}
            summary={summaryOf(data, interval)}
            intervals={data.timestamps.map((each) => intervalText(each, interval))}
            isGrouped={group === 'entity'}
            series={data.series.map((each) => ({
              key: `${each.kind} ${each.entityId ?? ''}`,
              name: nameOf(each),
              total: each.total,
              values: each.values,
            }))}
          />
        )}
      </Loaded>
    </Section>
  )
}
