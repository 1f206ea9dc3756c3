import { Archive, ArchiveRestore, Pencil } from 'lucide-react'
import { useState } from 'react'
import type { Feature } from '../../../../src/api.gen.ts'
import { useParam } from '../../address-state.ts'
import { useRead } from '../../api/use-read.ts'
import { useWrite } from '../../api/use-write.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Columns, Facts, Page, Section } from '../../ui/page.tsx'
import { Empty, Loaded } from '../../ui/states.tsx'
import { Chip, Id, None, Time } from '../../ui/text.tsx'
import { tell } from '../../ui/toast.tsx'
import { EditFeature } from './edit-feature.tsx'
import { EditMeter } from './edit-meter.tsx'
import { meterText } from './meter.ts'

export function View() {
  const id = useParam('feature')
  const reading = useRead('v1.features.retrieveFeature', { params: { id } })
  const feature = reading.data?.data
  return (
    <Page
      title={feature?.displayName ?? id}
      beside={
        <>
          <span>
            <Id>{id}</Id> <CopyButton text={id} label="Copy id" />
          </span>
          {feature?.featureStatus === 'SUSPENDED' && <Chip>archived</Chip>}
        </>
      }
    >
      <Loaded reading={reading}>{({ data }) => <Details feature={data} />}</Loaded>
    </Page>
  )
}

function Details({ feature }: { feature: Feature }) {
  const [editing, setEditing] = useState<'feature' | 'meter' | null>(null)
  const close = () => setEditing(null)
  return (
    <Columns>
      <MeterSection feature={feature} onEdit={() => setEditing('meter')} />
      <Section
        title="Feature"
        actions={
          <>
            <Button size="small" icon={Pencil} onClick={() => setEditing('feature')}>
              Edit
            </Button>
            <ArchiveButton feature={feature} />
          </>
        }
      >
        <Facts
          rows={[
            ['Type', feature.featureType.toLowerCase()],
            ['Description', feature.description ?? <None />],
            ['Units', feature.featureUnitsPlural ?? <None />],
            ...(feature.enumConfiguration
              ? [
                  [
                    'Values',
                    feature.enumConfiguration.map(({ displayName }) => displayName).join(', '),
                  ] as const,
                ]
              : []),
            ['Created', <Time key="created" at={feature.createdAt} />],
            ['Changed', <Time key="changed" at={feature.updatedAt} />],
            ...Object.entries(feature.metadata),
          ]}
        />
      </Section>
      {editing === 'feature' && <EditFeature feature={feature} onClose={close} />}
      {editing === 'meter' && <EditMeter feature={feature} onClose={close} />}
    </Columns>
  )
}

function MeterSection({ feature, onEdit }: { feature: Feature; onEdit: () => void }) {
  const { meter, meterType } = feature
  if (meterType === 'None')
    return (
      <Section title="Usage">
        <p>Usage of this feature is not counted.</p>
      </Section>
    )
  const edit = <Button onClick={onEdit}>{meter ? 'Edit the meter' : 'Add a meter'}</Button>
  if (meter === null)
    return (
      <Section title="Meter">
        <Empty
          title="Usage is what is reported. A meter counts raw events instead."
          call={`PATCH /api/v1/features/${feature.id}`}
        >
          {edit}
        </Empty>
      </Section>
    )
  return (
    <Section title="Meter" actions={edit}>
      <p>{meterText(meter)}</p>
      {meter.filters.length > 0 && (
        <ul>
          {meter.filters.map((filter) => (
            <li key={JSON.stringify(filter)}>
              {filter.conditions.map(({ field, operation, value, values }) => (
                <Chip key={field + operation} isMono>
                  {field} {operation.toLowerCase().replaceAll('_', ' ')}{' '}
                  {value ?? values?.join(', ')}
                </Chip>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function ArchiveButton({ feature }: { feature: Feature }) {
  const request = { params: { id: feature.id } }
  const unarchive = useWrite('v1.features.unarchiveFeature', {
    onDone: () => tell(`${feature.displayName} is active again.`),
  })
  const archive = useWrite('v1.features.archiveFeature', {
    onDone: () => tell(`${feature.displayName} is archived.`, () => unarchive.mutateAsync(request)),
  })
  const [write, label, icon] =
    feature.featureStatus === 'SUSPENDED'
      ? ([unarchive, 'Unarchive', ArchiveRestore] as const)
      : ([archive, 'Archive', Archive] as const)
  return (
    <Button
      size="small"
      icon={icon}
      reason={write.reason}
      isBusy={write.isPending}
      onClick={() => write.mutate(request, { onError: ({ message }) => tell(message) })}
    >
      {label}
    </Button>
  )
}
