import { createLogger } from '@fenster/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestNats, type TestNats } from '../../../test/support/test-nats.js';
import { connectNats, createPublisher, deleteStream, ensureStream, readStream, type NatsConnection } from './index.js';

let nats: TestNats;
let connection: NatsConnection;

beforeAll(async () => {
  nats = await startTestNats();
  connection = await connectNats({ url: nats.url, name: 'test', log: createLogger('test', 'silent') });
});
afterAll(async () => {
  await connection.close();
  await nats.stop();
});
beforeEach(() => ensureStream(connection, 'letters'));
afterEach(() => deleteStream(connection, 'letters'));

/** A message of the events that its letters stand for. */
const message = (letters: string) => ({ id: letters, subject: 'letters.one', data: Buffer.from(letters) });
const messages = (...all: string[]) => all.map(message);

async function stored(count: number): Promise<string[]> {
  const seen: string[] = [];
  const ended = new AbortController();
  const options = { stream: 'letters', filter: 'letters.>', start: { after: 0 }, maxBatch: 50, signal: ended.signal };
  for await (const batch of readStream(connection, options)) {
    seen.push(...batch.map(({ data }) => Buffer.from(data).toString()));
    if (seen.length >= count) break;
  }
  return seen;
}

describe('publishing', () => {
  it('goes on behind what another publisher stored, however it had cut the events into messages', async () => {
    await createPublisher(connection).publish(messages('a', 'b', 'c'));
    // It died before it could note that, and more events came: a and b are known, "cd" is another message than "c".
    await createPublisher(connection).publish(messages('a', 'b', 'cd', 'e', 'f'));
    expect(await stored(6)).toEqual(['a', 'b', 'c', 'cd', 'e', 'f']);
  });

  it('refuses what would overtake a message that was lost, and stores all of it with the next call', async () => {
    const publisher = createPublisher(connection);
    await publisher.publish(messages('a', 'b'));
    // Somebody else's message is where the next one should go: the whole window is refused.
    await createPublisher(connection).publish(messages('x'));
    await expect(publisher.publish(messages('c', 'd', 'e'))).rejects.toThrow('wrong last msg ID');
    expect(await stored(3)).toEqual(['a', 'b', 'x']);
    await publisher.publish(messages('c', 'd', 'e'));
    expect(await stored(6)).toEqual(['a', 'b', 'x', 'c', 'd', 'e']);
  });

  it('goes on when all of a call was stored before', async () => {
    const publisher = createPublisher(connection);
    await publisher.publish(messages('a', 'b', 'c'));
    await publisher.publish(messages('a', 'b'));
    await publisher.publish(messages('d', 'e'));
    expect(await stored(5)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('says at once that there is no stream, and how long a silent one was waited for', async () => {
    const subject = 'nowhere.one';
    await expect(createPublisher(connection).publish([{ id: 'a', subject, data: Buffer.from('a') }])).rejects.toThrow(
      'no stream for this subject',
    );
    // Takes what is published and never answers.
    const silent = connection.subscribe(subject, { callback: () => {} });
    await expect(createPublisher(connection).publish([{ id: 'a', subject, data: Buffer.from('a') }])).rejects.toThrow(
      'did not answer in time',
    );
    silent.unsubscribe();
  });

  it('does not wait for the answer of a broker that died', async () => {
    const mortal = await startTestNats();
    const toMortal = await connectNats({ url: mortal.url, name: 'test', log: createLogger('test', 'silent') });
    await ensureStream(toMortal, 'letters');
    const publisher = createPublisher(toMortal);
    await publisher.publish(messages('a'));
    process.kill(mortal.pid, 'SIGSTOP');
    const publishing = publisher.publish(messages('b'));
    process.kill(mortal.pid, 'SIGKILL');
    await expect(publishing).rejects.toThrow('broke before the stream answered');
    await toMortal.close();
    await mortal.stop();
  });
});
