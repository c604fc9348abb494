import { provisionDatabase } from '@fenster/database';
import type { Service } from '@fenster/runtime';
import { newDemo, seedInProcesses, type Demo } from './demo.js';
import {
  createLocalService,
  DATABASES,
  SERVICES,
  urlOf,
  type DatabaseName,
  type Deployment,
  type ServiceName,
} from './services.js';
import { supervise, type SupervisedProcess } from './supervisor.js';

export interface StackOptions extends Omit<Deployment, 'databaseUrls'> {
  postgresAdminUrl: string;
  /** Before the services' names, so that several stacks can share a cluster. */
  databasePrefix?: string;
  demoPassword: string;
  /** One process for each service instead of one for all. */
  processes?: boolean;
  log?: (line: string) => void;
}

export interface Stack {
  readonly deployment: Deployment;
  readonly demo: Demo;
  /** The public endpoint. */
  readonly graphqlUrl: string;
  readonly webhookUrl: string;
  readonly sandboxUrl: string;
  /** Empty when all services share this process. */
  readonly processes: ReadonlyMap<ServiceName, SupervisedProcess>;
  stop(): Promise<void>;
}

/** Brings up all services on a PostgreSQL and a NATS that are there: `npm start` and the end-to-end tests alike. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { postgresAdminUrl, databasePrefix = '', demoPassword, processes = false, log = () => {}, ...rest } = options;
  const deployment: Deployment = {
    ...rest,
    databaseUrls: await provisionDatabases(postgresAdminUrl, databasePrefix, rest.secrets.databasePassword),
  };
  const started = processes
    ? await startProcesses(deployment, demoPassword, log)
    : await startServices(deployment, demoPassword);
  return {
    deployment,
    graphqlUrl: `${urlOf(deployment, 'gateway')}/graphql`,
    webhookUrl: `${urlOf(deployment, 'channels')}/webhooks/whatsapp`,
    sandboxUrl: urlOf(deployment, 'sandbox'),
    ...started,
  };
}

async function provisionDatabases(
  adminUrl: string,
  prefix: string,
  password: string,
): Promise<Record<DatabaseName, string>> {
  const urls = await Promise.all(
    DATABASES.map(async (service) => [
      service,
      await provisionDatabase({ adminUrl, service, password, database: `${prefix}${service}` }),
    ]),
  );
  return Object.fromEntries(urls) as Record<DatabaseName, string>;
}

type Started = Pick<Stack, 'demo' | 'processes' | 'stop'>;

async function startServices(deployment: Deployment, demoPassword: string): Promise<Started> {
  const running: Service[] = [];
  const demo = newDemo(deployment, demoPassword);
  const stop = async () => {
    for (const service of running.splice(0).toReversed()) await service.stop();
  };
  try {
    for (const name of SERVICES) {
      const service = await createLocalService(name, deployment);
      running.push(service);
      await service.start();
      await demo.seedBy(service);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { demo: demo.result(), processes: new Map(), stop };
}

async function startProcesses(
  deployment: Deployment,
  demoPassword: string,
  log: (line: string) => void,
): Promise<Started> {
  const demo = await seedInProcesses(deployment, demoPassword);
  const processes = new Map(SERVICES.map((name) => [name, supervise(name, deployment, log)]));
  const stop = async () => {
    await processes.get('gateway')?.stop();
    await Promise.all([...processes.values()].map((process) => process.stop()));
  };
  try {
    await Promise.all([...processes.values()].map((process) => process.ready()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { demo, processes, stop };
}
