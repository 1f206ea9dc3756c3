import type { Member } from '../../../../src/api.gen.ts'
import { useSession } from '../../api/session.tsx'
import { useWrite } from '../../api/use-write.ts'
import { FormDialog } from '../../ui/form.tsx'
import { useForm } from '../../ui/use-form.ts'
import { rolesOf, standingOf, TEXTS } from './texts.ts'

/** Removes a member: an owner from the account, others from this environment. */
export function RemoveMember({ member, onClose }: { member: Member; onClose: () => void }) {
  const { userId } = member
  const isOwner = useSession().who.accountRole === 'OWNER'
  const put = useWrite('v1.members.upsert')
  const form = useForm('v1.members.remove', {
    first: {},
    requestOf: () => ({ params: { userId } }),
    doneText: ({ data }) =>
      data.isMember ? `${userId} cannot open this environment.` : `${userId} was removed.`,
    // Roles in other environments, which an owner takes away, too, are not known here.
    undo: isOwner
      ? null
      : () => put.mutateAsync({ params: { userId }, body: rolesOf(standingOf(member)) }),
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={`Remove ${userId}?`}
      description={isOwner ? TEXTS.fromAccount : TEXTS.fromHere}
      submit="Remove"
      isDanger
    />
  )
}
