import { describe, expect, it } from 'vitest';
import { parseJson, storableCopy, storableText } from './json.js';

const parse = (text: string | Buffer, maxDepth = 32) => parseJson(Buffer.from(text as string), { maxDepth });

describe('parseJson', () => {
  it('reads an object, escapes and UTF-8 alike', () => {
    expect(parse(String.raw`{"a":"Gr\u00fc\u00dfe","b":"Grüße 🚲"}`)).toEqual({
      ok: true,
      value: { a: 'Grüße', b: 'Grüße 🚲' },
    });
  });

  it.each([
    ['', 'not-json'],
    ['{"a":1', 'not-json'],
    ['{"a":1}x', 'not-json'],
    ['<html>', 'not-json'],
    ['\uFEFF{}', 'not-json'],
    ['null', 'not-object'],
    ['7', 'not-object'],
    ['"text"', 'not-object'],
    ['[]', 'not-object'],
  ] as const)('refuses %j as %s', (text, reason) => {
    expect(parse(text)).toEqual({ ok: false, reason });
  });

  it('refuses bytes that are no UTF-8, also inside a string', () => {
    expect(parse(Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]))).toEqual({
      ok: false,
      reason: 'not-utf8',
    });
  });

  it('counts depth exactly, and not inside strings', () => {
    expect(parse('{"a":[{}]}', 3).ok).toBe(true);
    expect(parse('{"a":[{}]}', 2)).toEqual({ ok: false, reason: 'too-deep' });
    expect(parse(String.raw`{"a":"[[[[{{{{\"[[[[","b":[{},{},{},{}]}`, 3).ok).toBe(true);
    expect(parse('{"a":[],"b":[],"c":[]}', 2).ok).toBe(true);
  });

  it('survives nesting that would overflow the stack', () => {
    expect(parse(`{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`)).toEqual({ ok: false, reason: 'too-deep' });
    expect(parse('{"a":'.repeat(500_000))).toEqual({ ok: false, reason: 'too-deep' });
  });
});

describe('storableText', () => {
  it('cuts without leaving half a character', () => {
    expect(storableText('ab🚲', 3)).toBe('ab\uFFFD');
    expect(storableText('ab🚲', 4)).toBe('ab🚲');
  });
});

describe('storableCopy', () => {
  it('copies plain values and drops numbers beyond range', () => {
    const value: unknown = JSON.parse('{"a":[1,true,null,"x",{"b":1e999}],"__proto__":{"c":1}}');
    expect(storableCopy(value, 4, 1_000)).toEqual({ a: [1, true, null, 'x', { b: null }] });
  });

  it('gives up on what is too deep or too large', () => {
    expect(storableCopy([[[]]], 3, 1_000)).toEqual([[[]]]);
    expect(storableCopy([[[]]], 2, 1_000)).toBeUndefined();
    expect(storableCopy('x'.repeat(100), 1, 107)).toBeUndefined();
    expect(storableCopy('x'.repeat(100), 1, 108)).toHaveLength(100);
    expect(
      storableCopy(
        Array.from({ length: 1_000 }, () => []),
        4,
        1_000,
      ),
    ).toBeUndefined();
    expect(storableCopy({ ['k'.repeat(2_000)]: 1 }, 4, 1_000)).toBeUndefined();
  });
});
