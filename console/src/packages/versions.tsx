import { Section } from '../ui/page.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Chip, Name, Time } from '../ui/text.tsx'
import type { PackageVersion } from './operations.ts'
import { FieldText } from './package-names.tsx'
import type { PackageState } from './state.ts'
import { StatusChip } from './status-chip.tsx'
import { type Peers, usePeers } from './use-packages.ts'
import { type FieldPair, pairsOf } from './version-fields.ts'

/** What is published and the draft, field by field beside each other. */
export function Versions({ state }: { state: PackageState }) {
  const { productId, published, draft } = state
  const peers = usePeers(productId)
  const hasBoth = published !== null && draft !== null
  const columns: readonly Column<FieldPair>[] = [
    {
      title: 'Field',
      width: '30%',
      cell: ({ label, isChanged }) => (
        <>
          <Name name={label} id={label} />{' '}
          {hasBoth && isChanged && <Chip tone="near">differs</Chip>}
        </>
      ),
    },
    ...(published === null ? [] : [columnOf(published, ({ before }) => before, peers)]),
    ...(draft === null ? [] : [columnOf(draft, ({ after }) => after, peers)]),
  ]
  return (
    <Section title="Versions">
      <div>
        {[published, draft].map(
          (version) => version && <Summary key={version.status} of={version} />,
        )}
      </div>
      <Table
        label="Versions"
        rows={pairsOf(published, draft)}
        columns={columns}
        keyOf={({ label }) => label}
      />
    </Section>
  )
}

const columnOf = (
  { status, versionNumber }: PackageVersion,
  side: (pair: FieldPair) => FieldPair['before'],
  peers: Peers,
): Column<FieldPair> => ({
  title: `${status === 'DRAFT' ? 'Draft, version' : 'Version'} ${versionNumber}`,
  cell: (pair) => <FieldText value={side(pair)} peers={peers} />,
})

function Summary({ of }: { of: PackageVersion }) {
  return (
    <p>
      Version {of.versionNumber} <StatusChip status={of.status} /> begun <Time at={of.createdAt} />,
      changed <Time at={of.updatedAt} />
    </p>
  )
}
