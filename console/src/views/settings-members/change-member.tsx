import type { Member } from '../../../../src/api.gen.ts'
import { Meanwhile } from '../../activity/meanwhile.tsx'
import { useSession } from '../../api/session.tsx'
import { EVERY, useRead } from '../../api/use-read.ts'
import { Dialog, DialogBody } from '../../ui/dialog.tsx'
import { SelectField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { Loaded } from '../../ui/states.tsx'
import { useForm } from '../../ui/use-form.ts'
import { refuseOwner } from './refuse-owner.ts'
import { CHOICES, EVENTS, rolesOf, standingOf, TEXTS } from './texts.ts'

/** Changes the role of a member. The list has no entity tags, so the member is read alone. */
export function ChangeMember({ userId, onClose }: { userId: string; onClose: () => void }) {
  const reading = useRead(
    'v1.members.retrieve',
    { params: { userId } },
    { everyMs: EVERY.panel, isKept: false },
  )
  if (reading.data !== undefined)
    return <MemberForm member={reading.data.data} etag={reading.data.etag} onClose={onClose} />
  return (
    <Dialog isOpen onClose={onClose} title={titleOf(userId)}>
      <DialogBody>
        <Loaded reading={reading} rows={1}>
          {() => null}
        </Loaded>
      </DialogBody>
    </Dialog>
  )
}

const titleOf = (userId: string) => `Role of ${userId}`

function MemberForm(props: { member: Member; etag: string | undefined; onClose: () => void }) {
  const { member, etag, onClose } = props
  const { userId } = member
  const { who } = useSession()
  const params = { userId }
  const former = standingOf(member)
  const form = useForm('v1.members.upsert', {
    first: { role: former },
    requestOf: ({ role }) => ({ params, body: rolesOf(role) }),
    etag,
    check: ({ role }) => refuseOwner(who, role),
    doneText: ({ data }) => `${userId} is ${standingOf(data)} now.`,
    undo: ({ send }) => send({ params, body: rolesOf(former) }),
    onDone: onClose,
  })
  return (
    <FormDialog form={form} onClose={onClose} title={titleOf(userId)}>
      <Meanwhile
        error={form.refusal}
        objectId={userId}
        types={EVENTS}
        fields={form.compare({ role: 'Role' })}
      />
      <SelectField {...form.bind('role')} label="Role" hint={TEXTS.onlyOwners} choices={CHOICES} />
    </FormDialog>
  )
}
