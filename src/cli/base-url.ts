import type { Config } from '../config.ts'

/** Addresses that mean "all interfaces". Clients must connect to the loopback address instead. */
const ALL_INTERFACES: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Returns the base URL of a server with this configuration, or null if it uses any free port. */
export function baseUrlOf(config: Pick<Config, 'host' | 'port'>): string | null {
  if (config.port === 0) return null
  const host = ALL_INTERFACES[config.host] ?? config.host
  return `http://${host.includes(':') ? `[${host}]` : host}:${config.port}`
}
