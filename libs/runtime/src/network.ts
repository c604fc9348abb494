import ipaddr from 'ipaddr.js';

const IPV6_SITE_BITS = 64;

/**
 * What one client holds: an IPv4 address, or the /64 that an IPv6 client may choose its address from.
 * @throws Error for what is not an IP address.
 */
export function networkOf(clientAddress: string): string {
  const address = ipaddr.process(clientAddress);
  if (address instanceof ipaddr.IPv4) return address.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString()}/${IPV6_SITE_BITS}`).toString();
}
