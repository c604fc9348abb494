import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientAddressOf } from './client-address.js';

const request = (forwarded?: string) =>
  ({
    socket: { remoteAddress: '10.0.0.1' },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

describe("the client's address", () => {
  it('without proxies is the address of the socket, whatever the client says', () => {
    expect(clientAddressOf(request('203.0.113.9'), 0)).toBe('10.0.0.1');
  });

  it('behind proxies is what the outermost of them saw, whatever the client put before it', () => {
    expect(clientAddressOf(request('203.0.113.9'), 1)).toBe('203.0.113.9');
    expect(clientAddressOf(request('6.6.6.6, 203.0.113.9'), 1)).toBe('203.0.113.9');
    expect(clientAddressOf(request('6.6.6.6, 203.0.113.9 ,10.0.0.2'), 2)).toBe('203.0.113.9');
    expect(clientAddressOf(request('2001:db8::1'), 1)).toBe('2001:db8::1');
  });

  it.each([undefined, '', 'unknown', '203.0.113.9, '])('given %j behind one proxy, then it is the socket', (header) => {
    expect(clientAddressOf(request(header), 1)).toBe('10.0.0.1');
  });

  it('given fewer addresses than proxies, then it is the socket', () => {
    expect(clientAddressOf(request('203.0.113.9'), 2)).toBe('10.0.0.1');
  });
});
