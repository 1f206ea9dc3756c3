/** A URL without its passwords; rather too much is hidden than too little. */
export function maskUrl(text: string): string {
  const url = text.replace(/(password=)[^&#\s]*/gi, '$1***')
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url))
    return url.replace(/^([^:]*:\/\/[^:/?#]*):.*@/, '$1:***@')
  return url.includes('@') ? `***${url.slice(url.lastIndexOf('@'))}` : url
}

/** That a secret is set, and nothing that would help to guess it. */
export const maskSecret = (secret: string): string => `*** (length ${secret.length})`
