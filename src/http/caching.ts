/**
 * Cache headers of every API response. A response is for its caller alone. `Vary` still names the
 * headers that it depends on, for caches that store it nevertheless.
 */
export const UNCACHED: Readonly<Record<string, string>> = {
  'cache-control': 'private, no-store',
  vary: 'x-api-key, authorization, x-environment-id, accept, accept-encoding, origin',
}

export const isOfApi = (url: string | undefined): boolean => url?.startsWith('/api/') ?? false
