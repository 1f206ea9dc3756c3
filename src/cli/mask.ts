/** Returns a URL without its passwords. If in doubt, it hides more. */
export function maskUrl(text: string): string {
  const url = text.replace(/(password=)[^&#\s]*/gi, '$1***')
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url))
    return url.replace(/^([^:]*:\/\/[^:/?#]*):.*@/, '$1:***@')
  return url.includes('@') ? `***${url.slice(url.lastIndexOf('@'))}` : url
}

/** Returns a text that shows that a secret is set, but does not help to guess it. */
export const maskSecret = (secret: string): string => `*** (length ${secret.length})`
