import { requireActiveCustomer } from '../customers/index.ts'
import { required } from '../kernel/assert.ts'
import { badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { refuseOver } from './cancel-subscription.ts'
import { unchanged } from './change-line.ts'
import { changeSubscription } from './change-subscription.ts'
import { loadNames, type NamedSubscription } from './names-store.ts'
import type { SubscriptionCall } from './provision.ts'
import { changePayer } from './revision-store.ts'
import type { LineChange } from './types.ts'

/**
 * Lets another customer pay for a subscription; with its own customer, nobody else pays. 404
 * `SubscriptionNotFound`, `CustomerNotFound`; 400 `SubscriptionAlreadyCanceledOrExpired`,
 * `EntityIsArchivedError`, `ChangingPayingCustomerIsNotSupportedError` if a third one pays.
 */
export const delegateSubscription = (
  call: SubscriptionCall,
  id: string,
  targetCustomerId: string,
): Promise<NamedSubscription> =>
  changeSubscription(
    call,
    id,
    async ({ tx, call: { now, scope }, customerKey, stored, before }) => {
      refuseOver(before)
      const where = inBody('targetCustomerId')
      const target = await requireActiveCustomer(tx, scope, targetCustomerId, where)
      const payingCustomerKey = target === customerKey ? null : target
      const namesBefore = await loadNames(tx, [{ customerKey, subscription: before }])
      const { payingCustomerId } = required(namesBefore.facts.get(before.key), 'who pays')
      const none = { change: unchanged(stored.line), packages: new Map() }
      if (payingCustomerId === (payingCustomerKey && targetCustomerId)) return none
      if (payingCustomerId !== null && payingCustomerKey !== null)
        throw badInput(
          where,
          `the customer ${payingCustomerId} pays for ${id} already`,
          'ChangingPayingCustomerIsNotSupportedError',
        )
      await changePayer(tx, customerKey, { key: before.key, payingCustomerKey })
      // The payer is no part of the state of a subscription, so that no revision is added.
      const transitions: LineChange['transitions'] = [
        { at: now, kind: 'UPDATED', before, after: before },
      ]
      return { ...none, change: { line: stored.line, transitions }, namesBefore }
    },
  )
