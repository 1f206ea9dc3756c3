import { useSession } from '../../api/session.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { useForm } from '../../ui/use-form.ts'
import { refuseOwner } from './refuse-owner.ts'
import { CHOICES, rolesOf, type Standing, TEXTS } from './texts.ts'

export function AddMember({ onClose }: { onClose: () => void }) {
  const { who } = useSession()
  const form = useForm('v1.members.upsert', {
    first: { userId: '', role: 'VIEWER' as Standing },
    requestOf: ({ userId, role }) => ({ params: { userId }, body: rolesOf(role) }),
    check: ({ role }) => refuseOwner(who, role),
    doneText: ({ data }) => `${data.userId} is ${data.role} here.`,
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
