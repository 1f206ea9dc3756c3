import { Archive, ArchiveRestore, Pencil } from 'lucide-react'
import { useState } from 'react'
import { useWrite } from '../../api/use-write.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { HeldEntitlements } from '../../customer/held-entitlements.tsx'
import { useShortcuts } from '../../shell/keys.ts'
import { Button } from '../../ui/button.tsx'
import { Columns, Facts, Section } from '../../ui/page.tsx'
import { Id, None, Time } from '../../ui/text.tsx'
import { tell } from '../../ui/toast.tsx'
import { EditCustomer } from './edit-customer.tsx'

export function View() {
  const customer = useCustomer()
  const [isEditing, setEditing] = useState(false)
  useShortcuts([{ keys: 'e', label: 'Edit the customer', run: () => setEditing(true) }])
  return (
    <Columns>
      <HeldEntitlements />
      <Section
        title="Customer"
        actions={
          <>
            <Button size="small" icon={Pencil} onClick={() => setEditing(true)}>
              Edit
            </Button>
            <ArchiveButton />
          </>
        }
      >
        <Facts
          rows={[
            ['Name', customer.name ?? <None />],
            ['E-mail', customer.email ?? <None />],
            ['Created', <Time key="created" at={customer.createdAt} />],
            ['Changed', <Time key="changed" at={customer.updatedAt} />],
            ...(customer.archivedAt
              ? [['Archived', <Time key="archived" at={customer.archivedAt} />] as const]
              : []),
            ...(customer.timezone ? [['Time zone', customer.timezone] as const] : []),
            ...(customer.language ? [['Language', customer.language] as const] : []),
            ...(customer.billingId
              ? [['Billing id', <Id key="billing">{customer.billingId}</Id>] as const]
              : []),
            ...customer.integrations.map(
              ({ id, vendorIdentifier, syncedEntityId }) =>
                [
                  vendorIdentifier,
                  <Id key={id}>{syncedEntityId ?? 'not synchronised yet'}</Id>,
                ] as const,
            ),
          ]}
        />
        <Metadata />
      </Section>
      {isEditing && <EditCustomer onClose={() => setEditing(false)} />}
    </Columns>
  )
}

function Metadata() {
  const { metadata } = useCustomer()
  const rows = Object.entries(metadata)
  if (rows.length === 0) return null
  return (
    <>
      <h2>Metadata</h2>
      <Facts rows={rows} />
    </>
  )
}

/** Archiving can be undone, so it asks nothing. */
function ArchiveButton() {
  const { id, name, archivedAt } = useCustomer()
  const called = name ?? id
  const request = { params: { id } }
  const unarchive = useWrite('v1.customers.unarchive', {
    onDone: () => tell(`${called} is active again.`),
  })
  const archive = useWrite('v1.customers.archive', {
    onDone: () => tell(`${called} is archived.`, () => unarchive.mutateAsync(request)),
  })
  const [write, label, icon] =
    archivedAt === null
      ? ([archive, 'Archive', Archive] as const)
      : ([unarchive, 'Unarchive', ArchiveRestore] as const)
  return (
    <Button
      size="small"
      icon={icon}
      reason={write.reason}
      isBusy={write.isPending}
      onClick={() => write.mutate(request, { onError: ({ message }) => tell(message) })}
    >
      {label}
    </Button>
  )
}
