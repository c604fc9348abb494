import { describe, expect, it, vi } from 'vitest';
import { createEventQueue } from './event-queue.js';

function queueOf(limit = 2) {
  const source = { onFull: vi.fn(), onEmpty: vi.fn(), onReturn: vi.fn() };
  return { ...source, ...createEventQueue<number>({ limit, ...source }) };
}

describe('An event queue', () => {
  it('gives what was pushed before and after somebody waits', async () => {
    const { push, iterator } = queueOf();
    push(1);
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    const waiting = iterator.next();
    push(2);
    expect(await waiting).toEqual({ done: false, value: 2 });
  });

  it('pauses its source when full, and resumes it when empty', async () => {
    const { push, iterator, onFull, onEmpty } = queueOf(2);
    push(1);
    expect(onFull).not.toHaveBeenCalled();
    push(2);
    push(3);
    expect(onFull).toHaveBeenCalledTimes(1);
    await iterator.next();
    await iterator.next();
    expect(onEmpty).not.toHaveBeenCalled();
    await iterator.next();
    expect(onEmpty).toHaveBeenCalledTimes(1);
  });

  it('gives what it has before it fails, and fails once', async () => {
    const { push, fail, iterator } = queueOf();
    push(1);
    fail(new Error('gone'));
    push(2);
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    await expect(iterator.next()).rejects.toThrow('gone');
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('ends who waits', async () => {
    const { end, iterator } = queueOf();
    const waiting = iterator.next();
    end();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('tells its source when the reader stops', async () => {
    const { push, iterator, onReturn } = queueOf();
    push(1);
    await iterator.return!();
    expect(onReturn).toHaveBeenCalledTimes(1);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});
