import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifySignature } from './signature.js';

const SECRET = 'test_app_secret';
const compact = Buffer.from('{"object":"whatsapp_business_account","entry":[]}');
const spaced = Buffer.from('{"object": "whatsapp_business_account", "entry": []}');
const HEX = 'dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756';

const sign = (body: Buffer, secret: string, algorithm = 'sha256') =>
  `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}`;

describe('verifySignature', () => {
  it.each([
    ['the compact body', compact, SECRET, HEX],
    ['the spaced body', spaced, SECRET, '56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a'],
    ['another secret', compact, 'otro_secreto', '769b03d8c2ae6498f2d1e1f7299c0ba55448c69d741e7b0bb243d852d8a8d8c7'],
  ])('accepts the known vector of %s', (_name, body, secret, hex) => {
    expect(verifySignature(body, `sha256=${hex}`, [secret])).toBe(0);
  });

  it('tells which of several secrets signed', () => {
    expect(verifySignature(compact, `sha256=${HEX}`, ['other app', 'rotated out', SECRET])).toBe(2);
    expect(verifySignature(compact, `sha256=${HEX}`, [SECRET, SECRET])).toBe(0);
  });

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['the bare digest', HEX],
    ['another algorithm', sign(compact, SECRET, 'sha1')],
    ['sha1= before the right digest', `sha1=${HEX}`],
    ['an upper-case prefix', `SHA256=${HEX}`],
    ['upper-case hex', `sha256=${HEX.toUpperCase()}`],
    ['a truncated digest', `sha256=${HEX.slice(0, 62)}`],
    ['half a byte missing', `sha256=${HEX.slice(0, 63)}`],
    ['a longer digest', `sha256=${HEX}00`],
    ['something else than hex', `sha256=${'z'.repeat(64)}`],
    ['hex that ends early', `sha256=${HEX.slice(0, 62)}zz`],
    ['space around it', ` sha256=${HEX} `],
    ['a line break after it', `sha256=${HEX}\n`],
    ['two headers joined', `sha256=${HEX}, sha256=${HEX}`],
    ['the last digit changed', `sha256=${HEX.slice(0, 63)}7`],
    ['a signature by another app', sign(compact, 'other app')],
  ])('refuses %s', (_name, header) => {
    expect(verifySignature(compact, header, [SECRET])).toBeUndefined();
  });

  it('refuses a body that was parsed and written again', () => {
    const header = sign(spaced, SECRET);
    const rewritten = Buffer.from(JSON.stringify(JSON.parse(spaced.toString())));
    expect(verifySignature(spaced, header, [SECRET])).toBe(0);
    expect(verifySignature(rewritten, header, [SECRET])).toBeUndefined();
  });

  it('tells escapes from UTF-8, though both are the same JSON', () => {
    const escaped = Buffer.from(String.raw`{"text":"Gr\u00fc\u00dfe"}`);
    const utf8 = Buffer.from('{"text":"Grüße"}');
    expect(JSON.parse(escaped.toString())).toEqual(JSON.parse(utf8.toString()));
    expect(verifySignature(escaped, sign(escaped, SECRET), [SECRET])).toBe(0);
    expect(verifySignature(utf8, sign(utf8, SECRET), [SECRET])).toBe(0);
    expect(verifySignature(utf8, sign(escaped, SECRET), [SECRET])).toBeUndefined();
  });

  it('works on bytes, so that invalid UTF-8 is no other body', () => {
    const invalid = Buffer.from([0x7b, 0xff, 0x7d]);
    const replaced = Buffer.from(invalid.toString('utf8'));
    expect(verifySignature(invalid, sign(invalid, SECRET), [SECRET])).toBe(0);
    expect(verifySignature(replaced, sign(invalid, SECRET), [SECRET])).toBeUndefined();
  });

  it('never matches without a secret', () => {
    const signedWithNothing = `sha256=${createHmac('sha256', '').update(compact).digest('hex')}`;
    expect(verifySignature(compact, signedWithNothing, [])).toBeUndefined();
    expect(verifySignature(compact, signedWithNothing, [''])).toBeUndefined();
  });
});
