import { createHmac, timingSafeEqual } from 'node:crypto'

const SCHEME = 'HMAC-SHA256 '
/** No customer's id with its signature is longer; checking what is would only cost time. */
const TOKEN_LIMIT = 1024

/**
 * The customer that a token was signed for, null when it was not signed with this secret. Its form,
 * `HMAC-SHA256 <customer id>:<signature in hex>`, is that of the published SDKs.
 */
export function customerOfToken(token: string, secret: string): string | null {
  const colon = token.lastIndexOf(':')
  if (token.length > TOKEN_LIMIT || !token.startsWith(SCHEME) || colon === -1) return null
  const customerId = token.slice(SCHEME.length, colon)
  const given = Buffer.from(token.slice(colon + 1), 'hex')
  const expected = createHmac('sha256', secret).update(customerId).digest()
  const isSigned = given.length === expected.length && timingSafeEqual(given, expected)
  return isSigned && customerId !== '' ? customerId : null
}
