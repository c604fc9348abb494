import { migrate, openDatabase } from '@fenster/database';
import { createLogger, parseConfig, postgresUrl, secretKey, systemClock } from '@fenster/runtime';
import { z } from 'zod';
import { demoChannel, seedDemoChannel } from './demo.js';
import { migrations } from './migrations.js';

/** Connects the demo's number for a service that runs in a process of its own: `SEED` is the channel as JSON; prints `{"channelId"}`. */
const json = z.string().transform((text, ctx): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    ctx.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
});
const env = z.object({ DATABASE_URL: postgresUrl, SECRET_KEY: secretKey, SEED: json.pipe(demoChannel) });

const config = parseConfig('channels seed', env, process.env);
const log = createLogger('channels seed', 'warn');
await migrate('channels', config.DATABASE_URL, migrations);
const database = await openDatabase({ service: 'channels', url: config.DATABASE_URL, poolSize: 2, entities: [], log });
try {
  const origin = { actor: { kind: 'system' as const, id: 'seed' }, correlationId: 'seed' };
  const ctx = { database, now: systemClock, log, wakeRelay: () => {}, origin };
  process.stdout.write(`${JSON.stringify(await seedDemoChannel(ctx, config.SECRET_KEY, config.SEED))}\n`);
} finally {
  await database.close();
}
