import { describe, expect, it } from 'vitest';
import { networkOf } from './network.js';

describe("a client's network", () => {
  it('is the address itself in IPv4, however it is written', () => {
    expect(networkOf('198.51.100.7')).toBe('198.51.100.7');
    expect(networkOf('::ffff:198.51.100.7')).toBe('198.51.100.7');
  });

  it('is the /64 in IPv6, whose addresses a client may take as it likes', () => {
    expect(networkOf('2001:db8:1:2:aaaa::1')).toBe(networkOf('2001:db8:1:2:bbbb::2'));
    expect(networkOf('2001:db8:1:2::1')).not.toBe(networkOf('2001:db8:1:3::1'));
    expect(networkOf('fe80::1%eth0')).toBe(networkOf('fe80::2'));
  });
});
