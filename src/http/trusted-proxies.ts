import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Returns whether an address is that of a trusted proxy. */
export type ProxyTrust = (address: string | undefined) => boolean

/** Names of networks that the configuration and the framework accept. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

/** `proxies` as in the configuration. Null trusts nobody. */
export function trustedProxies(proxies: readonly string[] | null): ProxyTrust {
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
