import { countPending, openDatabase, rebuildStream } from '@fenster/database';
import { connectNats } from '@fenster/messaging';
import { createLogger, natsUrl, parseConfig, postgresUrl } from '@fenster/runtime';
import { z } from 'zod';
import { running } from './running.js';
import { DATABASES, type DatabaseName } from './services.js';

/**
 * `npm run rebuild-stream [service …]`: makes the streams anew from PostgreSQL while Fenster runs. Elsewhere than
 * on a local deployment, NATS_URL and <SERVICE>_DATABASE_URL say where.
 */
async function main(): Promise<void> {
  const log = createLogger('rebuild-stream', 'warn');
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !DATABASES.includes(name as DatabaseName));
  if (unknown.length > 0)
    throw new Error(`There is no stream ${unknown.join(', ')}; there are ${DATABASES.join(', ')}.`);
  const services = wanted.length > 0 ? (wanted as DatabaseName[]) : DATABASES;
  const places = process.env['NATS_URL'] ? placesFromEnvironment(services) : localPlaces();
  const connection = await connectNats({ url: places.nats, name: 'rebuild-stream', log });
  try {
    for (const service of services) {
      const database = await openDatabase({ service, url: places.database(service), poolSize: 2, entities: [], log });
      try {
        const queued = await rebuildStream(service, database, connection);
        for (let pending = queued; pending > 0; pending = await countPending(database)) {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        process.stdout.write(`${service}: ${queued} events published again.\n`);
      } finally {
        await database.close();
      }
    }
  } finally {
    await connection.close();
  }
}

interface Places {
  nats: string;
  database(service: DatabaseName): string;
}

function placesFromEnvironment(services: readonly DatabaseName[]): Places {
  const variable = (service: string) => `${service.toUpperCase()}_DATABASE_URL`;
  const shape = Object.fromEntries(services.map((service) => [variable(service), postgresUrl]));
  const env = parseConfig('rebuild-stream', z.object({ NATS_URL: natsUrl, ...shape }), process.env) as Record<
    string,
    string
  >;
  return { nats: env['NATS_URL']!, database: (service) => env[variable(service)]! };
}

function localPlaces(): Places {
  const { ports, databaseUrl } = running(process.env, 'Start it first: the relay publishes what is rebuilt.');
  return { nats: `nats://127.0.0.1:${ports.nats}`, database: databaseUrl };
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
