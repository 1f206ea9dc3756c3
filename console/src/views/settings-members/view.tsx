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
import { EVENTS, STANDINGS, standingOf, TEXTS } from './texts.ts'

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

type Open = { userId: string; isRemoval: boolean }

function Members() {
  const [open, setOpen] = useState<Open | null>(null)
  const close = () => setOpen(null)
  const { who, whyNot } = useSession()
  const addresses = useAddresses()
  const list = useList('v1.members.list', {})
  // As the list has it now, because Undo gives this role back.
  const removed = open?.isRemoval && list.rows?.find(({ userId }) => userId === open.userId)
  const columns: readonly Column<Member>[] = [
    { title: 'Subject', cell: (member) => <Person member={member} own={who.actor} /> },
    { title: 'Role', cell: (member) => <Chip>{standingOf(member)}</Chip> },
    { title: 'May', cell: (member) => STANDINGS[standingOf(member)], isSecondary: true },
    { title: 'Member since', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
  ]
  const historyOf = ({ userId }: Member) => addresses.historyOf(userId, { types: EVENTS })
  const mayNot = ({ accountRole }: Member) =>
    accountRole === 'OWNER' && who.accountRole !== 'OWNER' ? TEXTS.onlyOwners : null
  return (
    <>
      <ListTable
        label="Members"
        list={list}
        columns={columns}
        keyOf={({ userId }) => userId}
        toOf={historyOf}
        historyOf={historyOf}
        empty={<Empty title={TEXTS.none} call="PUT /api/v1/members/{userId}" />}
        actions={(member) => (
          <>
            <Button
              size="small"
              reason={whyNot('v1.members.upsert') ?? mayNot(member)}
              onClick={() => setOpen({ userId: member.userId, isRemoval: false })}
            >
              Change
            </Button>{' '}
            <Button
              size="small"
              reason={whyNot('v1.members.remove') ?? mayNot(member)}
              onClick={() => setOpen({ userId: member.userId, isRemoval: true })}
            >
              Remove
            </Button>
          </>
        )}
      />
      {open?.isRemoval === false && <ChangeMember userId={open.userId} onClose={close} />}
      {removed && <RemoveMember member={removed} onClose={close} />}
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
