import { Pencil } from 'lucide-react'
import { useState } from 'react'
import type { Feature } from '../../../../src/api.gen.ts'
import { useAddresses, useParam } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useRead } from '../../api/use-read.ts'
import { ArchiveButton } from '../../catalog/archive-button.tsx'
import { METER_WORDS, TYPE_WORDS } from '../../catalog/feature-words.ts'
import { formatNumber } from '../../format.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Columns, Facts, IdBeside, Page, Section } from '../../ui/page.tsx'
import { IfPermitted, Loaded } from '../../ui/states.tsx'
import { Id, Name, None, Time } from '../../ui/text.tsx'
import { EditFeature } from './edit-feature.tsx'
import { EditMeter } from './edit-meter.tsx'
import { MeterSection } from './meter-section.tsx'
import { TEXTS } from './texts.ts'

export function View() {
  const id = useParam('feature')
  const addresses = useAddresses()
  const mayRead = useSession().whyNot('v1.features.retrieveFeature') === null
  const reading = useRead('v1.features.retrieveFeature', { params: { id } }, { isOn: mayRead })
  const feature = reading.data?.data
  return (
    <Page
      title={feature?.displayName || id}
      beside={<IdBeside id={id} isArchived={feature?.featureStatus === 'SUSPENDED'} />}
      actions={<LinkButton to={addresses.explain({ feature: id })}>Explain</LinkButton>}
    >
      <IfPermitted id="v1.features.retrieveFeature">
        <Loaded reading={reading}>
          {({ data, etag }) => <Details feature={data} etag={etag} />}
        </Loaded>
      </IfPermitted>
    </Page>
  )
}

function Details({ feature, etag }: { feature: Feature; etag: string | undefined }) {
  const [editing, setEditing] = useState<'feature' | 'meter' | null>(null)
  const close = () => setEditing(null)
  const mayNot = useSession().whyNot('v1.features.updateFeature')
  const isArchived = feature.featureStatus === 'SUSPENDED'
  const reason = isArchived ? TEXTS.archived : mayNot
  const edit = (what: 'feature' | 'meter') => reason === null && setEditing(what)
  useShortcuts([{ keys: 'e', label: 'Edit the feature', run: () => edit('feature') }])
  const request = { params: { id: feature.id } }
  return (
    <Columns>
      <MeterSection feature={feature} reason={reason} onEdit={() => edit('meter')} />
      <Section
        title="Feature"
        actions={
          <>
            <Button size="small" icon={Pencil} reason={reason} onClick={() => edit('feature')}>
              Edit
            </Button>
            <ArchiveButton
              name={feature.displayName}
              isArchived={isArchived}
              archive={['v1.features.archiveFeature', request]}
              unarchive={['v1.features.unarchiveFeature', request]}
            />
          </>
        }
      >
        <FeatureFacts feature={feature} />
      </Section>
      {editing === 'feature' && <EditFeature feature={feature} etag={etag} onClose={close} />}
      {editing === 'meter' && <EditMeter feature={feature} etag={etag} onClose={close} />}
    </Columns>
  )
}

function FeatureFacts({ feature }: { feature: Feature }) {
  const { featureType, meterType, enumConfiguration, metadata } = feature
  const labels = Object.entries(metadata)
  return (
    <>
      <Facts
        rows={[
          ['Type', TYPE_WORDS[featureType]],
          ...(featureType === 'NUMBER' ? [['Usage', METER_WORDS[meterType]] as const] : []),
          ['Description', feature.description ?? <None />],
          ...(featureType === 'NUMBER' ? [['Units', unitsText(feature) ?? <None />] as const] : []),
          ...(enumConfiguration === null
            ? []
            : [
                [
                  'Values',
                  enumConfiguration.map(({ value, displayName }) => (
                    <div key={value}>
                      <Name name={displayName} id={value} /> <Id>{value}</Id>
                    </div>
                  )),
                ] as const,
              ]),
          ['Created', <Time key="created" at={feature.createdAt} />],
          ['Changed', <Time key="changed" at={feature.updatedAt} />],
        ]}
      />
      {labels.length > 0 && (
        <>
          <h2>Metadata</h2>
          <Facts rows={labels} />
        </>
      )}
    </>
  )
}

/** `tokens; limits in thousands, 1,000 each, rounded up`. */
function unitsText({ featureUnitsPlural, unitTransformation }: Feature): string | null {
  if (unitTransformation === null) return featureUnitsPlural
  const { divide, round, featureUnits } = unitTransformation
  const size = `${formatNumber(divide)}, rounded ${round.toLowerCase()}`
  const larger = `limits in ${featureUnits ?? 'units'} of ${size}`
  return featureUnitsPlural === null ? larger : `${featureUnitsPlural}; ${larger}`
}
