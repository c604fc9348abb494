import { SERVICES } from '@fenster/local';
import { signInAs } from '../../support/demo.js';
import { messagesWebhook } from '../../support/webhooks.js';
import type { Settings, Target } from '../harness/bench.js';
import type { Environment } from '../harness/environment.js';
import { canPin, startServer, type ServerUnderTest } from '../harness/processes.js';
import { INBOX_SDL } from '../servers/inbox-schema.js';

/** A message of conversation with its contact of contacts and its channel of channels. */
const INBOX = /* GraphQL */ `
  subscription Inbox {
    inboxEvents {
      __typename
      cursor
      ... on MessageAdded {
        message {
          id
          seq
          direction
          status
          text
          conversation {
            id
            contact {
              name
            }
            channel {
              name
            }
          }
        }
      }
    }
  }
`;

const TEMPLATE = messagesWebhook({ phone: '__PHONE__', name: '__NAME__' }, ['__TEXT__'], ['__WAMID__']);
const WEBHOOK_PATH = '/webhooks/whatsapp';

/** One in this many agents is a supervisor, who has other rights: the document is executed for each set of them. */
const SUPERVISOR_EVERY = 10;

export async function fensterTarget(environment: Environment, settings: Settings): Promise<Target> {
  return targetOf(environment, await environment.startFenster(settings));
}

type FensterStack = Awaited<ReturnType<Environment['startFenster']>>;

export async function targetOf(environment: Environment, stack: FensterStack): Promise<Target> {
  const login = async (role: string) => `Bearer ${await signInAs(stack, role)}`;
  const [agent, supervisor] = await Promise.all([login('agent'), login('supervisor')]);
  return {
    webhook: { url: stack.webhookUrl, secret: environment.appSecret, template: TEMPLATE },
    sockets: (agents) =>
      Array.from({ length: agents }, (_, index) => ({
        url: stack.graphqlUrl,
        subscription: { query: INBOX, authorization: index % SUPERVISOR_EVERY === 0 ? supervisor : agent },
      })),
    processes: {
      ...Object.fromEntries(SERVICES.map((service) => [service, stack.processes.get(service)?.pid])),
      postgres: environment.postgresPid,
      nats: environment.natsPid,
    },
  };
}

async function serverTarget(
  server: ServerUnderTest,
  environment: Environment,
  socketPath: string | undefined,
  hasDatabase = false,
): Promise<Target> {
  return {
    webhook: { url: `${server.url}${WEBHOOK_PATH}`, secret: environment.appSecret, template: TEMPLATE },
    sockets: (agents) =>
      Array.from({ length: agents }, () => ({
        url: `${server.url}${socketPath ?? '/'}`,
        ...(socketPath !== undefined && { subscription: { query: INBOX } }),
      })),
    processes: { server: server.pid, ...(hasDatabase && { postgres: environment.postgresPid }) },
  };
}

export async function floorTarget(environment: Environment): Promise<Target> {
  const env = { APP_SECRET: environment.appSecret };
  const server = await startServer('servers/floor.server.ts', { env, isPinned: canPin });
  return serverTarget(server, environment, undefined);
}

/** With a database it stores each webhook in a transaction of its own; without, it keeps everything in memory. */
export async function graphqlWsTarget(environment: Environment, database?: string): Promise<Target> {
  const env = {
    APP_SECRET: environment.appSecret,
    ...(database !== undefined && { DATABASE_URL: await environment.createDatabase(database) }),
  };
  const server = await startServer('servers/graphql-ws.server.ts', { env, isPinned: canPin && database === undefined });
  return serverTarget(server, environment, '/graphql', database !== undefined);
}

export async function mercuriusTarget(environment: Environment): Promise<Target> {
  const env = { APP_SECRET: environment.appSecret, SDL: INBOX_SDL };
  const server = await startServer('peers/mercurius.mjs', { env, isPinned: canPin });
  return serverTarget(server, environment, '/graphql');
}

export async function parseServerTarget(environment: Environment, database: string): Promise<Target> {
  const env = {
    APP_SECRET: environment.appSecret,
    DATABASE_URL: await environment.createDatabase(database),
    // Its warnings about defaults of its next version come before it has read its options.
    PARSE_SERVER_LOG_LEVEL: 'error',
  };
  const server = await startServer('peers/parse-server.mjs', { env, isPinned: false });
  return {
    webhook: {
      url: `${server.url}/classes/Message`,
      secret: environment.appSecret,
      headers: { 'x-parse-application-id': 'bench' },
      template: JSON.stringify({ wamid: '__WAMID__', phone: '__PHONE__', name: '__NAME__', text: '__TEXT__' }),
    },
    sockets: () => [],
    processes: { server: server.pid, postgres: environment.postgresPid },
  };
}
