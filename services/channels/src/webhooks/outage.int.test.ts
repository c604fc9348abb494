import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { body, count, eventsOf, messages, startChannels, until, type Channels } from '../testing/channels.js';
import { startCuttableProxy } from '../testing/cuttable-proxy.js';

let channels: Channels;
let way: Awaited<ReturnType<typeof startCuttableProxy>>;

beforeAll(async () => {
  channels = await startChannels({
    throughUrl: async (databaseUrl) => {
      const url = new URL(databaseUrl);
      way = await startCuttableProxy({ host: url.hostname, port: Number(url.port) });
      url.host = `127.0.0.1:${way.port}`;
      return url.toString();
    },
  });
});
afterAll(async () => {
  await channels?.stop();
  await way?.cut();
});

describe('while PostgreSQL is away', () => {
  it('nothing is called stored, and afterwards everything is stored once', async () => {
    const ids = Array.from({ length: 30 }, () => `wamid.${newId()}`);
    const acknowledged = new Set<string>();
    const statuses = new Set<number>();
    const deliver = async (id: string) => {
      const answer = await channels.post(body(messages(id)));
      statuses.add(answer.status);
      if (answer.status === 200) acknowledged.add(id);
      else expect(answer).toMatchObject({ status: 503, text: 'cannot store now', headers: { 'retry-after': '1' } });
      return answer.status === 200;
    };

    expect(await deliver(ids[0]!)).toBe(true);
    await way.cut();
    expect(await Promise.all(ids.slice(0, 20).map(deliver))).not.toContain(true);
    expect(acknowledged).toEqual(new Set([ids[0]]));
    await way.mend();
    // As the provider does: each until it is taken.
    await Promise.all(ids.map((id) => until(() => deliver(id))));

    expect(statuses).toEqual(new Set([200, 503]));
    const received = (await eventsOf(channels.database, channels.workspaceId)).map(
      (event) => event.data.providerMessageId,
    );
    expect(received.toSorted()).toEqual(ids.toSorted());
    expect(await count(channels.database, 'webhook_event')).toBe(30);
    expect(await count(channels.database, 'dead_letter')).toBe(0);
  });

  it('commits that are cut in the middle are neither lost nor doubled', async () => {
    const ids = Array.from({ length: 200 }, () => `wamid.${newId()}`);
    const before = (await eventsOf(channels.database, channels.workspaceId)).length;
    let cuts = 0;
    const cutting = (async () => {
      for (; cuts < 3; cuts += 1) {
        await until(async () => (await eventsOf(channels.database, channels.workspaceId)).length > before + cuts * 40);
        await way.cut();
        await way.mend();
      }
    })();
    for (let at = 0; at < ids.length; at += 20) {
      const some = ids.slice(at, at + 20);
      await Promise.all(some.map((id) => until(async () => (await channels.post(body(messages(id)))).status === 200)));
    }
    await cutting;
    const received = (await eventsOf(channels.database, channels.workspaceId)).slice(before);
    expect(received.map((event) => event.data.providerMessageId).toSorted()).toEqual(ids.toSorted());
  });
});
