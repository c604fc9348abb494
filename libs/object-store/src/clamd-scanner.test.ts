import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClamdScanner } from './clamd-scanner.js';
import { ScannerError } from './scanner.js';
import { EICAR_LIKE, startClamdStub, type ClamdStub } from './testing/clamd-stub.js';

let clamd: ClamdStub;
beforeEach(async () => {
  clamd = await startClamdStub();
});
afterEach(() => clamd.stop());

async function verdictOn(...parts: Buffer[]) {
  const scan = await createClamdScanner({ host: '127.0.0.1', port: clamd.port, timeoutMs: 500 }).open();
  try {
    for (const part of parts) await scan.write(part);
    return await scan.end();
  } finally {
    scan.close();
  }
}

describe('clamd', () => {
  it('sees every byte, and lets pass what is clean', async () => {
    const parts = [randomBytes(1), Buffer.alloc(0), randomBytes(300_000), randomBytes(7)];
    expect(await verdictOn(...parts)).toBe('clean');
    expect(clamd.scanned[0]!.equals(Buffer.concat(parts))).toBe(true);
  });

  it('finds what is infected, also where it stands between two parts', async () => {
    expect(
      await verdictOn(Buffer.from('x'), Buffer.from(EICAR_LIKE.slice(0, 5)), Buffer.from(EICAR_LIKE.slice(5))),
    ).toBe('infected');
  });

  it.each([
    ['an error', 'Can’t allocate memory ERROR'],
    ['something else', 'stream: maybe'],
    ['half of it', 'stream: O'],
  ])('has no verdict when it says %s', async (_what, answer) => {
    clamd.answer = answer;
    await expect(verdictOn(Buffer.from('x'))).rejects.toThrow(ScannerError);
  });

  it('has no verdict on what is larger than it takes, and the rest of it is not waited for', async () => {
    await clamd.stop();
    clamd = await startClamdStub({ maxBytes: 1_000 });
    const parts = Array.from({ length: 200 }, () => randomBytes(100_000));
    await expect(verdictOn(...parts)).rejects.toThrow('larger than the StreamMaxLength');
  });

  it('has no verdict when it says nothing', async () => {
    clamd.isSilent = true;
    await expect(verdictOn(Buffer.from('x'))).rejects.toThrow('does not answer');
  });

  it('has no verdict when it is away, or goes away', async () => {
    const scan = await createClamdScanner({ host: '127.0.0.1', port: clamd.port, timeoutMs: 500 }).open();
    await clamd.stop();
    await scan.write(Buffer.from('x'));
    await expect(scan.end()).rejects.toThrow(ScannerError);
    await expect(verdictOn(Buffer.from('x'))).rejects.toThrow('cannot be reached');
    clamd = await startClamdStub();
  });
});
