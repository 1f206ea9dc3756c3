import { useWrite } from '../../api/use-write.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { Button } from '../../ui/button.tsx'
import { Problem } from '../../ui/states.tsx'
import { tell } from '../../ui/toast.tsx'

/** Takes an entity out of use, or back into it. Each can be undone. */
export function ArchiveEntity(props: { entityId: string; name: string; isArchived: boolean }) {
  const { entityId, name, isArchived } = props
  const { id } = useCustomer()
  const request = { params: { id }, body: { ids: [entityId] } }
  const archive = useWrite('v1Beta.customers.entities.archive')
  const unarchive = useWrite('v1Beta.customers.entities.unarchive')
  const does = isArchived ? unarchive : archive
  const undoes = isArchived ? archive : unarchive
  const press = () =>
    does.mutate(request, {
      onSuccess: () =>
        tell(`${name} is ${isArchived ? 'in use again' : 'archived'}.`, () =>
          undoes.mutateAsync(request),
        ),
    })
  return (
    <>
      <Button size="small" reason={does.reason} isBusy={does.isPending} onClick={press}>
        {isArchived ? 'Unarchive' : 'Archive'}
      </Button>
      {does.error && <Problem error={does.error} />}
    </>
  )
}
