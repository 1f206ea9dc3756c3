import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Whether an address is that of a proxy whose word is believed. */
export type Trusts = (address: string | undefined) => boolean

/** The words that the configuration takes, and the framework, for whole networks. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

/** `proxies` as the configuration has them; null trusts nobody. */
export function trustedProxies(proxies: readonly string[] | null): Trusts {
  const networks = new BlockList()
  for (const network of (proxies ?? []).flatMap((proxy) => NAMED[proxy] ?? [proxy])) {
    const [address = '', bits] = network.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    const whole = family === 'ipv4' ? 32 : 128
    networks.addSubnet(address, bits === undefined ? whole : Number(bits), family)
  }
  return (given) => {
    const address = (given ?? '').replace(MAPPED, '').replace(/%.*$/, '')
    if (isIPv4(address)) return networks.check(address, 'ipv4')
    return isIPv6(address) && networks.check(address, 'ipv6')
  }
}
