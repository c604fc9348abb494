import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Who is at the other end: the socket's address, or behind so many proxies of ours the one that the outermost of them
 * saw. Each adds the address of its own client to the end of `X-Forwarded-For`; what stands before is the client's word.
 */
export function clientAddressOf(request: IncomingMessage, trustedProxies: number): string | undefined {
  const { remoteAddress } = request.socket;
  if (trustedProxies === 0) return remoteAddress;
  const header = request.headers['x-forwarded-for'];
  const seen = (Array.isArray(header) ? header.join() : (header ?? '')).split(',').map((each) => each.trim());
  const address = seen.at(-trustedProxies);
  return address !== undefined && isIP(address) !== 0 ? address : remoteAddress;
}
