/** The maximum number of origins per environment. */
export const ORIGINS_LIMIT = 100

const SCHEME_AND_HOST = /^https?:\/\/[^\s/?#@\\]+\/?$/i
/** A host after parsing: ASCII, or an IPv6 address. */
const HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/

/**
 * Returns an origin as browsers send it in `Origin`: lower case, an ASCII host, no default port.
 * Null for anything that no browser sends, such as a path or a wildcard.
 */
export function originOf(text: string): string | null {
  // The URL parser would accept white space, and drop a path, a query and a password.
  if (!SCHEME_AND_HOST.test(text) || !URL.canParse(text)) return null
  const { hostname, origin } = new URL(text)
  return HOST.test(hostname) ? origin : null
}
