import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ConfigurationError } from '@fenster/runtime';
import { banner } from './banner.js';
import { claimDirectory } from './claim.js';
import { directories, objectsDirectory, natsDirectory, openDataDirectory, postgresDirectory } from './data-dir.js';
import { LocalSetupError } from './errors.js';
import { startNats } from './nats-server.js';
import { assertPortFree } from './ports.js';
import { startPostgres } from './postgres.js';
import { SERVICES } from './services.js';
import { loadSecrets, loadSettings, portVariable } from './settings.js';
import { startStack } from './stack.js';

const SUPERGRAPH = fileURLToPath(new URL('../../../schema/supergraph.graphql', import.meta.url));

/** `npm start`: everything on this machine, in one process or, with `--processes`, in one for each service. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { processes: { type: 'boolean', default: false } } });
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const settings = loadSettings(process.env);
  const { data, cache } = directories(process.env);
  openDataDirectory(data);
  const claim = claimDirectory(data);
  const stops: (() => Promise<void> | void)[] = [() => claim.release()];
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      for (const step of stops.splice(0).toReversed()) await step();
    })();
    return stopping;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      log('Stopping …');
      void stop().then(() => process.exit(0));
    });
  }

  try {
    for (const service of SERVICES)
      await assertPortFree(settings.ports[service], service, portVariable(service), settings.host);
    const postgres = await startPostgres({
      dataDir: postgresDirectory(data),
      port: settings.ports.postgres,
      portVariable: portVariable('postgres'),
      log,
    });
    stops.push(postgres.stop);
    const nats = await startNats({
      cacheDir: cache,
      env: process.env,
      dataDir: natsDirectory(data),
      port: settings.ports.nats,
      portVariable: portVariable('nats'),
      log,
    });
    stops.push(nats.stop);
    const stack = await startStack({
      host: settings.host,
      ports: settings.ports,
      logLevel: settings.logLevel,
      secrets: loadSecrets(data),
      objectsDirectory: objectsDirectory(data),
      natsUrl: nats.url,
      postgresAdminUrl: postgres.adminUrl,
      demoPassword: settings.demoPassword,
      processes: values.processes,
      ...(existsSync(SUPERGRAPH) && { supergraphFile: SUPERGRAPH }),
      log,
    });
    stops.push(stack.stop);
    watch('PostgreSQL', postgres.exited);
    if (nats.exited) watch('nats-server', nats.exited);
    process.stdout.write(banner(stack));
  } catch (error) {
    await stop();
    throw error;
  }

  function watch(name: string, exited: Promise<unknown>): void {
    void exited.then(async () => {
      if (stopping) return;
      log(`${name} ended unexpectedly; stopping.`);
      await stop();
      process.exit(1);
    });
  }
}

main().catch((error: unknown) => {
  const isExpected = error instanceof LocalSetupError || error instanceof ConfigurationError;
  const text = error instanceof Error ? (isExpected ? error.message : error.stack) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
