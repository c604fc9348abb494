import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment, Service } from '@fenster/runtime';
import type { LocalSecrets, Ports } from './settings.js';

/** The order in which they start. The gateway comes last, because it asks the others for their schemas. */
export const SERVICES = ['identity', 'channels', 'conversation', 'contacts', 'billing', 'sandbox', 'gateway'] as const;
export type ServiceName = (typeof SERVICES)[number];
export const DATABASES = ['identity', 'channels', 'conversation', 'contacts', 'billing'] as const;
export type DatabaseName = (typeof DATABASES)[number];

export const DEMO_NUMBER = {
  phoneNumberId: '106540352242922',
  displayPhoneNumber: '4930123456',
  wabaId: '102290129340398',
};
export const DEMO_APP_ID = '670843887433847';

export interface Deployment {
  host: string;
  ports: Ports;
  logLevel: string;
  secrets: LocalSecrets;
  natsUrl: string;
  databaseUrls: Record<DatabaseName, string>;
  /** Each service that keeps objects has a folder in it. */
  objectsDirectory: string;
  /** The committed supergraph; without it the gateway composes what the subgraphs say. */
  supergraphFile?: string;
  /** More or other variables, by service. */
  extra?: Partial<Record<ServiceName, Environment>>;
}

export const urlOf = ({ host, ports }: Pick<Deployment, 'host' | 'ports'>, part: ServiceName) =>
  `http://${host}:${ports[part]}`;

/** The environment that a service has, whether it gets a process of its own or not. */
export function environmentOf(service: ServiceName, deployment: Deployment): Environment {
  const { host, ports, logLevel, secrets, natsUrl, databaseUrls, objectsDirectory, supergraphFile, extra } = deployment;
  const common = { HOST: host, PORT: String(ports[service]), LOG_LEVEL: logLevel };
  const jwks = { JWKS_URL: `${urlOf(deployment, 'identity')}/.well-known/jwks.json` };
  const own = (): Environment => {
    switch (service) {
      case 'gateway':
        return {
          ...jwks,
          API_KEY_TOKEN_URL: `${urlOf(deployment, 'identity')}/internal/api-key-token`,
          NATS_URL: natsUrl,
          SUBGRAPHS: JSON.stringify(
            Object.fromEntries(DATABASES.map((name) => [name, `${urlOf(deployment, name)}/graphql`])),
          ),
          INTROSPECTION: 'true',
          ...(supergraphFile && { SUPERGRAPH_FILE: supergraphFile }),
        };
      case 'sandbox':
        return {
          CALLBACK_URL: `${urlOf(deployment, 'channels')}/webhooks/whatsapp`,
          APP_SECRET: secrets.appSecret,
          // The demo's number has used up its free service messages, so that replies have a price to show.
          NUMBERS: JSON.stringify([{ ...DEMO_NUMBER, accessToken: secrets.accessToken, freeServiceMessages: 0 }]),
          ASSUME_WINDOW: 'true',
        };
      case 'identity':
        return {
          NATS_URL: natsUrl,
          DATABASE_URL: databaseUrls[service],
          SECRET_KEY: secrets.secretKey,
          OIDC_ALLOW_LOOPBACK: 'true',
        };
      case 'channels':
        return {
          ...jwks,
          NATS_URL: natsUrl,
          DATABASE_URL: databaseUrls[service],
          SECRET_KEY: secrets.secretKey,
          OBJECT_STORE_DIRECTORY: join(objectsDirectory, service),
          // Channels that are connected here are numbers of the sandbox.
          WHATSAPP_API_URL: urlOf(deployment, 'sandbox'),
          DIALOG360_API_URL: urlOf(deployment, 'sandbox'),
        };
      case 'contacts':
      case 'billing':
        return {
          ...jwks,
          NATS_URL: natsUrl,
          DATABASE_URL: databaseUrls[service],
          SECRET_KEY: secrets.secretKey,
          OBJECT_STORE_DIRECTORY: join(objectsDirectory, service),
          ...(service === 'billing' && { ALERT_WEBHOOKS_ALLOW_LOOPBACK: 'true' }),
        };
      default:
        return { ...jwks, NATS_URL: natsUrl, DATABASE_URL: databaseUrls[service], SECRET_KEY: secrets.secretKey };
    }
  };
  return { ...common, ...own(), ...extra?.[service] };
}

type ServiceModule = {
  loadConfig: (env: Environment) => unknown;
  createService: (config: never) => Promise<Service>;
};

/** Loaded on demand: a process that runs one service does not load the others. */
const MODULES: Record<ServiceName, () => Promise<ServiceModule>> = {
  identity: () => import('@fenster/identity'),
  channels: () => import('@fenster/channels'),
  conversation: () => import('@fenster/conversation'),
  contacts: () => import('@fenster/contacts'),
  billing: () => import('@fenster/billing'),
  sandbox: () => import('@fenster/sandbox'),
  gateway: () => import('@fenster/gateway'),
};

export async function createLocalService(name: ServiceName, deployment: Deployment): Promise<Service> {
  const { loadConfig, createService } = await MODULES[name]();
  return createService(loadConfig(environmentOf(name, deployment)) as never);
}

/** The built entry point of a service, for a process of its own. */
export function entryPoint(service: ServiceName, file = 'main.js'): string {
  return fileURLToPath(new URL(`../../../services/${service}/dist/${file}`, import.meta.url));
}
