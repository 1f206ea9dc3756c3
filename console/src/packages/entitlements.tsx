import { Pencil } from 'lucide-react'
import { useState } from 'react'
import type { PackageEntitlement } from '../../../src/api.gen.ts'
import { type Search, useAddressState } from '../address-state.ts'
import { useSession } from '../api/session.tsx'
import { useOpener } from '../shell/use-opener.tsx'
import { Button, IconButton } from '../ui/button.tsx'
import { FilterSelect } from '../ui/filter.tsx'
import { Section, Toolbar } from '../ui/page.tsx'
import { Empty, IfPermitted, Loaded } from '../ui/states.tsx'
import { Table } from '../ui/table.tsx'
import { AddEntitlement } from './add-entitlement.tsx'
import { EditEntitlement } from './edit-entitlement.tsx'
import { columnsOf, Gone } from './entitlement-columns.tsx'
import { nameOf, targetOf } from './entitlement-words.ts'
import { type EntitlementRow, rowsOf } from './inherit.ts'
import { KINDS, OPERATIONS, type PackageVersion } from './operations.ts'
import { RemoveEntitlement } from './remove-entitlement.tsx'
import type { PackageState } from './state.ts'
import { TEXTS } from './texts.ts'
import { useEntitlements } from './use-entitlements.ts'
import { type Packages, usePackages } from './use-packages.ts'

const shownOf = ({ version }: Search) => ({ isPublished: version === 'published' })

/** What a plan or an add-on gives: the draft if there is one, or what is published. */
export function Entitlements({ state }: { state: PackageState }) {
  const { kind, productId, published, draft } = state
  const [{ isPublished }, change] = useAddressState(shownOf)
  const isDraft = draft !== null && (!isPublished || published === null)
  const version = isDraft ? draft : published
  const packages = usePackages(kind, productId)
  if (version === null) return null
  return (
    <>
      {draft !== null && published !== null && (
        <Toolbar>
          <FilterSelect
            label="Version"
            value={isDraft ? 'draft' : 'published'}
            onChange={(value) => change({ version: value === 'draft' ? null : value })}
            choices={[
              { value: 'draft', label: `${draft.versionNumber}, the draft` },
              { value: 'published', label: `${published.versionNumber}, published` },
            ]}
          />
        </Toolbar>
      )}
      <IfPermitted id={OPERATIONS[kind].entitlements.list}>
        <OfVersion key={version.status} {...{ state, version, isDraft, packages }} />
      </IfPermitted>
    </>
  )
}

type Props = {
  state: PackageState
  version: PackageVersion
  isDraft: boolean
  packages: Packages
}

function OfVersion(props: Props) {
  const reading = useEntitlements(props.state, { isDraft: props.isDraft, isInherited: true })
  return (
    <Loaded reading={reading} rows={4}>
      {({ data }) => <Rows {...props} rows={rowsOf(data)} />}
    </Loaded>
  )
}

/** What is being made or changed. An opened row of a parent is replaced. */
type DialogState = { what: 'edit' | 'replace'; row: PackageEntitlement }

function Rows(props: Props & { rows: readonly EntitlementRow[] }) {
  const { state, isDraft, rows } = props
  const { kind, id } = state
  const { one, path } = KINDS[kind]
  const [opened, setOpened] = useState<DialogState | null>(null)
  const fixed = whyFixed(state, isDraft)
  const opener = useOpener(OPERATIONS[kind].entitlements.create, 'Add entitlement', {
    reason: fixed,
  })
  const close = () => {
    opener.close()
    setOpened(null)
  }
  return (
    <Section title="Entitlements" actions={opener.button('normal')}>
      {rows.length === 0 ? (
        <Empty title={TEXTS.givesNothing(one)} call={`POST ${path}/${id}/entitlements`} />
      ) : (
        <Table
          label="Entitlements"
          rows={rows}
          keyOf={({ entitlement }) => targetOf(entitlement)}
          columns={columnsOf(props)}
          actions={(row) => <RowButtons {...{ state, row, fixed }} onOpen={setOpened} />}
        />
      )}
      {isDraft && <Gone state={state} rows={rows} />}
      {(opener.isOpen || opened?.what === 'replace') && (
        <AddEntitlement state={state} like={opened?.row ?? null} onClose={close} />
      )}
      {opened?.what === 'edit' && (
        <EditEntitlement
          state={state}
          target={opened.row}
          name={nameOf(opened.row)}
          onClose={close}
        />
      )}
    </Section>
  )
}

function whyFixed({ published, draft }: PackageState, isDraft: boolean): string | null {
  if ((published ?? draft)?.status === 'ARCHIVED') return TEXTS.archived
  if (draft === null) return TEXTS.noDraft
  return isDraft ? null : TEXTS.publishedShown
}

function RowButtons(props: {
  state: PackageState
  row: EntitlementRow
  /** Why nothing can be changed. */
  fixed: string | null
  onOpen: (opened: DialogState) => void
}) {
  const { state, row, fixed, onOpen } = props
  const { entitlement, from } = row
  const operations = OPERATIONS[state.kind].entitlements
  const { whyNot } = useSession()
  const name = nameOf(entitlement)
  if (from !== null)
    return (
      <Button
        size="small"
        look="quiet"
        reason={fixed ?? whyNot(operations.create)}
        onClick={() => onOpen({ what: 'replace', row: entitlement })}
      >
        Replace
      </Button>
    )
  return (
    <>
      <IconButton
        size="small"
        icon={Pencil}
        label={`Edit ${name}`}
        reason={fixed ?? whyNot(operations.update)}
        onClick={() => onOpen({ what: 'edit', row: entitlement })}
      />
      <RemoveEntitlement {...{ state, name, row: entitlement, reason: fixed }} />
    </>
  )
}
