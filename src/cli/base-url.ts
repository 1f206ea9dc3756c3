import type { Config } from '../config.ts'

/** Addresses that mean "every interface": one cannot connect to them, but to the loopback. */
const EVERY: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Where a server of this configuration answers; null when it takes any free port. */
export function baseUrlOf(config: Pick<Config, 'host' | 'port'>): string | null {
  if (config.port === 0) return null
  const host = EVERY[config.host] ?? config.host
  return `http://${host.includes(':') ? `[${host}]` : host}:${config.port}`
}
