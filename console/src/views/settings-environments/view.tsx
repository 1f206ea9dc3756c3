import type { CallerEnvironment } from '../../../../src/api.gen.ts'
import { addressesIn } from '../../addresses.ts'
import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { SettingsPage } from '../../settings/settings-page.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Chip, Id, Name } from '../../ui/text.tsx'
import { TEXTS } from './texts.ts'

export function View() {
  return (
    <SettingsPage lead={TEXTS.lead}>
      <IfPermitted id="v1.environments.list">
        <Environments />
      </IfPermitted>
      <p>{TEXTS.create}</p>
    </SettingsPage>
  )
}

function Environments() {
  const { environment } = useSession()
  const list = useList('v1.environments.list', {})
  const columns: readonly Column<CallerEnvironment>[] = [
    {
      title: 'Name',
      cell: ({ id, displayName }) => (
        <>
          <Name name={displayName} id={id} /> <Id>{id}</Id>{' '}
          {id === environment && <Chip>this one</Chip>}
        </>
      ),
    },
    { title: 'Type', cell: ({ type }) => type.toLowerCase() },
    { title: 'Your role', cell: ({ role }) => <Chip>{role}</Chip> },
    { title: 'Account', cell: ({ accountId }) => <Id>{accountId}</Id>, isSecondary: true },
  ]
  return (
    <ListTable
      label="Environments"
      list={list}
      columns={columns}
      toOf={({ id }) => addressesIn(id).home}
      empty={<Empty title={TEXTS.none} />}
    />
  )
}
