import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { describe, expect, it } from 'vitest';
import { nextFrame, nextPrefix, textFrame } from './frame.js';

// Exported, but not in its types.
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

/** What the receiver of `ws` makes of a frame. */
function read(frame: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver({ isServer: false });
    receiver.on('message', (data: Buffer) => resolve(data.toString()));
    receiver.on('error', reject);
    receiver.write(frame);
  });
}

describe('A frame', () => {
  it.each([0, 1, 40, 125, 126, 127, 65_535, 65_536, 200_000])('carries a payload of %i characters', async (length) => {
    const payload = JSON.stringify({ data: 'ü'.repeat(length) });
    expect(JSON.parse(await read(nextFrame(nextPrefix('an "id"'), Buffer.from(payload))))).toEqual({
      id: 'an "id"',
      type: 'next',
      payload: JSON.parse(payload) as unknown,
    });
    expect(await read(textFrame(payload))).toBe(payload);
  });
});
