export { endSubscriptions } from './end-with-customer.ts'
export { subscriptionHandlers } from './http.ts'
export { subscriptionWork } from './settle-work.ts'
export { turnSubscriptionsBack } from './turn-subscriptions-back.ts'
