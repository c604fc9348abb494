import { openDatabase, rebuildStream } from '@fenster/database';
import { DATABASES, type Stack } from '@fenster/local';
import { connectNats, readStream, streamState, type NatsConnection } from '@fenster/messaging';
import { createLogger } from '@fenster/runtime';
import { waitFor } from './back-off.js';
import { CONSUMERS, type Books, type ConsumerEntry } from './books.js';

/**
 * Makes every stream anew from its log, as `npm run rebuild-stream` does, so that the whole history is delivered
 * once more. Resolves when every consumer has been through it.
 */
export async function redeliverEverything({ deployment }: Stack, books: Books, withinMs: number): Promise<void> {
  const log = createLogger('fault test', 'silent');
  const connection = await connectNats({ url: deployment.natsUrl, name: 'fault test', log });
  try {
    for (const service of DATABASES) {
      const url = deployment.databaseUrls[service];
      const database = await openDatabase({ service, url, poolSize: 2, entities: [], log });
      try {
        await rebuildStream(service, database, connection);
      } finally {
        await database.close();
      }
    }
    const signal = AbortSignal.timeout(withinMs);
    for (const consumer of CONSUMERS) {
      const last = await lastPosition(connection, consumer, await books.publishedFor(consumer), signal);
      const { created } = await streamState(connection, consumer.from);
      const isThrough = async () => {
        const at = await books.positionOf(consumer);
        // Who has nothing to read stands nowhere.
        return last === 0 || (at?.created === created && at.position >= last);
      };
      await waitFor(`${consumer.name} has read everything again`, isThrough, { withinMs, everyMs: 50 });
    }
  } finally {
    await connection.close();
  }
}

/** Where in the stream the last of `count` events of a consumer is. @throws Error if there are not as many. */
async function lastPosition(
  connection: NatsConnection,
  { from: stream, filter }: ConsumerEntry,
  count: number,
  signal: AbortSignal,
): Promise<number> {
  let seen = 0;
  if (count === 0) return 0;
  for await (const batch of readStream(connection, { stream, filter, start: { after: 0 }, maxBatch: 500, signal })) {
    for (const { position, data } of batch) {
      seen += (JSON.parse(Buffer.from(data).toString()) as unknown[]).length;
      if (seen >= count) return position;
    }
  }
  throw new Error(`The rebuilt stream ${stream} has ${seen} of ${count} events of ${filter}.`);
}
