import { BlockList, isIPv4, isIPv6 } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

/**
 * Returns the name under which an address is counted, or null for this machine. An IPv4 address in
 * IPv6 notation counts as IPv4. Of an IPv6 address only the first 64 bits count, because one client
 * usually has all addresses below them. All invalid addresses count as one caller.
 */
export function countedAs(ip: string | undefined): string | null {
  // A Unix socket has no addresses. Its callers are on this machine.
  if (ip === undefined || ip === '') return null
  const address = ip.replace(MAPPED, '').replace(/%.*$/, '')
  if (isIPv4(address)) return loopback.check(address, 'ipv4') ? null : address
  if (!isIPv6(address)) return 'unknown'
  return loopback.check(address, 'ipv6') ? null : networkOf(address)
}

/** Returns the first four groups without abbreviation. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  // A dotted suffix is worth two groups.
  const known = groups.length + last.length + (address.includes('.') ? 1 : 0)
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - known)).fill('0')
  const network = [...groups, ...zeros, ...last].slice(0, 4)
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
