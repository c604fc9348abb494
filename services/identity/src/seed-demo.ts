import { migrate, openDatabase } from '@fenster/database';
import { createLogger, parseConfig, postgresUrl, systemClock } from '@fenster/runtime';
import { z } from 'zod';
import { createDemoWorkspace } from './demo.js';
import { entities } from './entities.js';
import { migrations } from './migrations.js';

/** Makes the demo workspace for a service that runs in a process of its own; prints it as JSON. */
const env = z.object({ DATABASE_URL: postgresUrl, DEMO_PASSWORD: z.string(), DEMO_CHANNEL: z.uuid() });

const config = parseConfig('identity seed', env, process.env);
const log = createLogger('identity seed', 'warn');
await migrate('identity', config.DATABASE_URL, migrations);
const database = await openDatabase({ service: 'identity', url: config.DATABASE_URL, poolSize: 2, entities, log });
try {
  const input = { password: config.DEMO_PASSWORD, channelIds: [config.DEMO_CHANNEL] };
  const demo = await createDemoWorkspace({ database, now: systemClock, log }, input);
  process.stdout.write(`${JSON.stringify(demo)}\n`);
} finally {
  await database.close();
}
