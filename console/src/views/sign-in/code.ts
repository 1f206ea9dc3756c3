const CODE = /^#code=(.+)$/

/**
 * Returns the code in the fragment of the address, and takes it out of the address at once.
 * Browsers send no fragment, so it is in no log either.
 */
export function takeCode(): string | null {
  const code = CODE.exec(location.hash)?.[1] ?? null
  if (code === null) return null
  history.replaceState(history.state, '', `${location.pathname}${location.search}`)
  return decodeURIComponent(code)
}

/** A name for the key of this browser, as the audit shows it: `Firefox on Linux`. */
export function browserName(): string {
  const { userAgent } = navigator
  const browser = ['Firefox', 'Edg', 'Chrome', 'Safari'].find((name) => userAgent.includes(name))
  const system = ['Windows', 'Android', 'iPhone', 'Mac', 'Linux'].find((name) =>
    userAgent.includes(name),
  )
  return `${browser === 'Edg' ? 'Edge' : (browser ?? 'Browser')} on ${system ?? 'a computer'}`
}
