import { useState } from 'react'
import type { PromotionalEntitlement } from '../../../../src/api.gen.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { Button } from '../../ui/button.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { useForm } from '../../ui/use-form.ts'

/** Revoking cannot be undone: a new grant would count from 0. So it asks. */
export function RevokeButton({ grant }: { grant: PromotionalEntitlement }) {
  const customer = useCustomer()
  const [isAsking, setAsking] = useState(false)
  const { feature } = grant
  const called = customer.name || customer.id
  const form = useForm('v1.customers.promotionalEntitlements.revoke', {
    first: {},
    requestOf: () => ({ params: { id: customer.id, featureId: feature.id } }),
    doneText: () => `${feature.displayName} was taken from ${called}.`,
    onDone: () => setAsking(false),
  })
  return (
    <>
      <Button size="small" look="quiet" reason={form.reason} onClick={() => setAsking(true)}>
        Revoke
      </Button>
      <FormDialog
        form={form}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={`Revoke ${feature.displayName}?`}
        description={`${called} loses it at once. A later grant counts usage from 0.`}
        submit="Revoke"
        isDanger
      />
    </>
  )
}
