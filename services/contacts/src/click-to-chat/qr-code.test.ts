import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { scanQrCode } from '../../../../test/support/scan-qr-code.js';
import { qrPng, qrSvg } from './qr-code.js';
import { MAX_CHAT_URL, writeChatUrl } from './chat-url.rule.js';

const URL = writeChatUrl('https://wa.me/4930901820?text=', { text: 'Ich möchte Angebote & mehr 👋', code: 'K7QX2MNP' });

describe('a QR code', () => {
  it('given the address of a chat, is an image that cameras read it from', () => {
    expect(scanQrCode(qrPng(URL))).toBe(URL);
  });

  it('is wide enough for print', () => {
    expect(decode(qrPng(URL)).width).toBeGreaterThanOrEqual(1_000);
  });

  it('given the longest address that a link may have, can still be read', () => {
    const longest = URL.padEnd(MAX_CHAT_URL, 'a');
    expect(scanQrCode(qrPng(longest))).toBe(longest);
  });

  it('is drawn as SVG, too, of the same size', () => {
    const svg = qrSvg(URL);
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 (\d+) \1"/);
    expect(svg).not.toMatch(/<script|href/);
  });
});

describe('the address of a chat', () => {
  it('has what is to be written, percent-encoded, with the code at its end', () => {
    const { searchParams } = new globalThis.URL(URL);
    expect(searchParams.get('text')).toBe('Ich möchte Angebote & mehr 👋\n\n#K7QX2MNP');
  });
});
