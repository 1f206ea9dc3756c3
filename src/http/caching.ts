/**
 * What every answer of the API says to caches: it is for this caller alone. Which headers it
 * depends on is said all the same, for caches that keep what they should not.
 */
export const UNCACHED: Readonly<Record<string, string>> = {
  'cache-control': 'private, no-store',
  vary: 'x-api-key, authorization, x-environment-id, accept-encoding, origin',
}

export const isOfApi = (url: string | undefined): boolean => url?.startsWith('/api/') ?? false
