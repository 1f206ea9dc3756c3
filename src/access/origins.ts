/** Origins of one environment. */
export const ORIGINS_LIMIT = 100

const SCHEME_AND_HOST = /^https?:\/\/[^\s/?#@\\]+\/?$/i
/** What a host is made of once the parser of URLs has made it ASCII, or an address of IPv6. */
const HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/

/**
 * An origin as browsers send it in `Origin`: in lower case, names in ASCII, without the port that
 * the scheme implies. null for what no browser sends, such as one with a path or a wildcard.
 */
export function originOf(text: string): string | null {
  // The parser would forgive white space, and drop a path, a query and a password.
  if (!SCHEME_AND_HOST.test(text) || !URL.canParse(text)) return null
  const { hostname, origin } = new URL(text)
  return HOST.test(hostname) ? origin : null
}
