import { useState } from 'react'
import type { Member } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { SettingsPage } from '../../settings/settings-page.tsx'
import { useOpener } from '../../shell/use-opener.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Chip, Id, Time } from '../../ui/text.tsx'
import { AddMember } from './add-member.tsx'
import { ChangeMember } from './change-member.tsx'
import { RemoveMember } from './remove-member.tsx'
import { STANDINGS, standingOf, TEXTS } from './texts.ts'

export function View() {
  const opener = useOpener('v1.members.upsert', 'Add member')
  return (
    <SettingsPage lead={TEXTS.lead} action={opener.button()}>
      <IfPermitted id="v1.members.list">
        <Members />
      </IfPermitted>
      {opener.isOpen && <AddMember onClose={opener.close} />}
    </SettingsPage>
  )
}

type Open = { member: Member; isRemoval: boolean }

function Members() {
  const [open, setOpen] = useState<Open | null>(null)
  const close = () => setOpen(null)
  const { who, whyNot } = useSession()
  const addresses = useAddresses()
  const list = useList('v1.members.list', {})
  const columns: readonly Column<Member>[] = [
    { title: 'Subject', cell: (member) => <Person member={member} own={who.actor} /> },
    { title: 'Role', cell: (member) => <Chip>{standingOf(member)}</Chip> },
    { title: 'May', cell: (member) => STANDINGS[standingOf(member)], isSecondary: true },
    { title: 'Member since', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
  ]
  const mayNot = ({ accountRole }: Member) =>
    accountRole === 'OWNER' && who.accountRole !== 'OWNER' ? TEXTS.onlyOwners : null
  return (
    <>
      <ListTable
        label="Members"
        list={list}
        columns={columns}
        keyOf={({ userId }) => userId}
        toOf={({ userId }) => addresses.historyOf(userId)}
        historyOf={({ userId }) => addresses.historyOf(userId)}
        empty={<Empty title={TEXTS.none} call="PUT /api/v1/members/{userId}" />}
        actions={(member) => (
          <>
            <Button
              size="small"
              reason={whyNot('v1.members.upsert') ?? mayNot(member)}
              onClick={() => setOpen({ member, isRemoval: false })}
            >
              Change
            </Button>{' '}
            <Button
              size="small"
              reason={whyNot('v1.members.remove') ?? mayNot(member)}
              onClick={() => setOpen({ member, isRemoval: true })}
            >
              Remove
            </Button>
          </>
        )}
      />
      {open?.isRemoval === false && <ChangeMember userId={open.member.userId} onClose={close} />}
      {open?.isRemoval && <RemoveMember member={open.member} onClose={close} />}
    </>
  )
}

function Person({ member, own }: { member: Member; own: { kind: string; id: string } }) {
  return (
    <>
      <Id>{member.userId}</Id> {own.kind === 'USER' && own.id === member.userId && <Chip>you</Chip>}
    </>
  )
}
