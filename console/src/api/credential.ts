/** What a caller signs in with. A person's token is a JSON Web Token; all else is a key. */
export type Credential = { readonly secret: string; readonly isKept: boolean }

const NAME = 'bursar.credential'
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** Returns the credential of this tab, else the one that this browser keeps. */
export function readCredential(): Credential | null {
  const own = sessionStorage.getItem(NAME)
  if (own !== null) return { secret: own, isKept: false }
  const kept = localStorage.getItem(NAME)
  return kept === null ? null : { secret: kept, isKept: true }
}

/** Never in a cookie: the browser then sends nothing by itself that a page could misuse. */
export function writeCredential({ secret, isKept }: Credential): void {
  forgetCredential()
  const store = isKept ? localStorage : sessionStorage
  store.setItem(NAME, secret)
}

export function forgetCredential(): void {
  sessionStorage.removeItem(NAME)
  localStorage.removeItem(NAME)
}

/** Returns the headers that prove who calls. None behind a proxy that adds them itself. */
export function credentialHeaders(credential: Credential | null): Record<string, string> {
  if (credential === null) return {}
  const { secret } = credential
  return TOKEN.test(secret) ? { authorization: `Bearer ${secret}` } : { 'x-api-key': secret }
}
