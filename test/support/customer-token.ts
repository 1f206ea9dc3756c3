import { createHmac } from 'node:crypto'

/** Returns a customer token, as a vendor's server makes it. */
export const customerToken = (customerId: string, secret: string): string =>
  `HMAC-SHA256 ${customerId}:${createHmac('sha256', secret).update(customerId).digest('hex')}`
