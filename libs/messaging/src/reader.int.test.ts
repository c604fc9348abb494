import { createLogger } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestNats, type TestNats } from '../../../test/support/test-nats.js';
import { connectNats, createPublisher, ensureStream, readStream, type NatsConnection } from './index.js';

let nats: TestNats;
let connection: NatsConnection;

beforeAll(async () => {
  nats = await startTestNats();
  connection = await connectNats({ url: nats.url, name: 'test', log: createLogger('test', 'silent') });
  await ensureStream(connection, 'numbers');
});
afterAll(async () => {
  await connection.close();
  await nats.stop();
});

const publication = (number: number) => ({
  id: `n${number}`,
  subject: 'numbers.one',
  data: Buffer.from(String(number)),
});
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

async function read(after: number, count: number): Promise<number[]> {
  const ended = new AbortController();
  const seen: number[] = [];
  for await (const batch of readStream(connection, {
    stream: 'numbers',
    filter: 'numbers.>',
    start: { after },
    maxBatch: 50,
    signal: ended.signal,
  })) {
    expect(batch.length).toBeLessThanOrEqual(50);
    seen.push(...batch.map((message) => Number(Buffer.from(message.data).toString())));
    if (seen.length >= count) break;
  }
  return seen;
}

describe('reading a stream', () => {
  it('hands over what was published, in order, and repetitions once', async () => {
    const publisher = createPublisher(connection);
    await publisher.publish(numbers(1, 600).map(publication));
    await publisher.publish(numbers(500, 700).map(publication));
    expect(await read(0, 700)).toEqual(numbers(1, 700));
  });

  it('goes on behind a position', async () => {
    expect(await read(690, 10)).toEqual(numbers(691, 700));
  });

  it('ends when told to, also while it waits', async () => {
    const ended = new AbortController();
    const reading = readStream(connection, {
      stream: 'numbers',
      filter: 'numbers.>',
      start: { after: 700 },
      maxBatch: 50,
      signal: ended.signal,
    });
    const next = reading.next();
    ended.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
