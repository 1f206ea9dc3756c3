import { useState } from 'react'
import type { PromotionalEntitlement } from '../../../../src/api.gen.ts'
import { useWrite } from '../../api/use-write.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { Button } from '../../ui/button.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { tell } from '../../ui/toast.tsx'

/** Revoking cannot be undone: a new grant would count from 0. So it asks. */
export function RevokeButton({ grant }: { grant: PromotionalEntitlement }) {
  const customer = useCustomer()
  const [isAsking, setAsking] = useState(false)
  const { feature } = grant
  const called = customer.name || customer.id
  const revoke = useWrite('v1.customers.promotionalEntitlements.revoke', {
    onDone: () => {
      setAsking(false)
      tell(`${feature.displayName} was taken from ${called}.`)
    },
  })
  return (
    <>
      <Button size="small" look="quiet" reason={revoke.reason} onClick={() => setAsking(true)}>
        Revoke
      </Button>
      <FormDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={`Revoke ${feature.displayName}?`}
        description={`${called} loses it at once. A later grant counts usage from 0.`}
        submit="Revoke"
        isDanger
        isBusy={revoke.isPending}
        error={revoke.error}
        reason={revoke.reason}
        onSubmit={() => revoke.mutate({ params: { id: customer.id, featureId: feature.id } })}
      >
        {null}
      </FormDialog>
    </>
  )
}
