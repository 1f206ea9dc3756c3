import { BlockList, isIPv4, isIPv6 } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

/**
 * What an address is counted as, or null for this machine. IPv4 in the form of IPv6 is IPv4. Of
 * IPv6 the first 64 bits count, since whoever has one address has all of them. What a proxy says
 * that is no address counts as one caller.
 */
export function countedAs(ip: string | undefined): string | null {
  // A socket file has no addresses: whoever can open it is on this machine.
  if (ip === undefined || ip === '') return null
  const address = ip.replace(MAPPED, '').replace(/%.*$/, '')
  if (isIPv4(address)) return loopback.check(address, 'ipv4') ? null : address
  if (!isIPv6(address)) return 'unknown'
  return loopback.check(address, 'ipv6') ? null : networkOf(address)
}

/** The first four groups, written out. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  // A dotted end stands for two groups.
  const known = groups.length + last.length + (address.includes('.') ? 1 : 0)
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - known)).fill('0')
  const network = [...groups, ...zeros, ...last].slice(0, 4)
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
