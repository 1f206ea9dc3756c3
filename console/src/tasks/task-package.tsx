import type { Task } from '../../../src/api.gen.ts'
import { useAddresses } from '../address-state.ts'
import { LinkTo } from '../ui/page.tsx'
import { Id, None } from '../ui/text.tsx'

/** The plan or add-on that a task is about, which leads to it, and the version. */
export function TaskPackage({ task }: { task: Task }) {
  const addresses = useAddresses()
  if (task.package === null) return <None />
  const { type, id, version } = task.package
  return (
    <>
      {type === 'PLAN' ? 'Plan' : 'Add-on'}{' '}
      <LinkTo address={addresses[type === 'PLAN' ? 'plan' : 'addon'](id)}>
        <Id>{id}</Id>
      </LinkTo>
      , version {version}
    </>
  )
}
