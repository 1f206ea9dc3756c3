import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { useWrite } from '../../api/use-write.ts'
import { SelectField, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { useForm } from '../../ui/use-form.ts'
import { refuseOwner } from './refuse-owner.ts'
import { CHOICES, rolesOf, type Standing, standingOf, TEXTS } from './texts.ts'

/** The operation also changes a member who exists, so a new one must not be in the list. */
export function AddMember({ onClose }: { onClose: () => void }) {
  const { who, whyNot } = useSession()
  const list = useList('v1.members.list', {}, { isOn: whyNot('v1.members.list') === null })
  const remove = useWrite('v1.members.remove')
  const isWhole = list.rows !== undefined && !list.hasNextPage
  const form = useForm('v1.members.upsert', {
    first: { userId: '', role: 'VIEWER' as Standing },
    requestOf: ({ userId, role }) => ({ params: { userId: userId.trim() }, body: rolesOf(role) }),
    check: ({ userId, role }) => {
      const id = userId.trim()
      const isMember = list.rows?.some((member) => member.userId === id)
      if (isMember) return { field: 'path:userId', message: TEXTS.isMember(id) }
      return refuseOwner(who, role)
    },
    doneText: ({ data }) => `${data.userId} is ${standingOf(data)} here.`,
    // Somebody beyond the rows that were read may be a member with roles that Undo would take away.
    undo: isWhole
      ? ({ answer: { data } }) => remove.mutateAsync({ params: { userId: data.userId } })
      : null,
    onDone: onClose,
  })
  return (
    <FormDialog form={form} onClose={onClose} title="Add a member" submit="Add">
      <TextField
        {...form.bind('userId', 'path:userId')}
        label="Subject"
        hint={TEXTS.userId}
        isMono
        isFirst
      />
      <SelectField {...form.bind('role')} label="Role" choices={CHOICES} />
    </FormDialog>
  )
}
