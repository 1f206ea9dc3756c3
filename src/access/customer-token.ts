import { createHmac, timingSafeEqual } from 'node:crypto'

const SCHEME = 'HMAC-SHA256 '
/** SHA-256 in hex. */
const SIGNATURE = /^[0-9a-f]{64}$/i
/** No customer id with its signature is longer. Longer values are not worth verifying. */
const TOKEN_LIMIT = 1024

/**
 * Returns the customer that a token was signed for, or null if it was not signed with this secret.
 * The format, `HMAC-SHA256 <customer id>:<signature in hex>`, is that of the published SDKs.
 */
export function customerOfToken(token: string, secret: string): string | null {
  const colon = token.lastIndexOf(':')
  if (token.length > TOKEN_LIMIT || !token.startsWith(SCHEME) || colon === -1) return null
  const customerId = token.slice(SCHEME.length, colon)
  const signature = token.slice(colon + 1)
  // The decoder would stop at the first invalid character and return what precedes it.
  if (!SIGNATURE.test(signature)) return null
  const given = Buffer.from(signature, 'hex')
  const expected = createHmac('sha256', secret).update(customerId).digest()
  return timingSafeEqual(given, expected) && customerId !== '' ? customerId : null
}
