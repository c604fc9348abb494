import type { FormattedExecutionResult } from 'graphql';
import { createClient, type Client, type ClientOptions } from 'graphql-ws';
import { request } from 'undici';
import { inject } from 'vitest';
import { WebSocket } from 'ws';
import type {} from '../../../../test/support/global-setup.js';
import { createTokenVerifier } from '@fenster/auth';
import type { Service } from '@fenster/runtime';
import { loadConfig, type Config } from '../config.js';
import { createService } from '../service.js';
import { ContactsSubgraph } from './contacts-subgraph.js';
import { TestIdentity } from './identity.js';
import { InboxSubgraph } from './inbox-subgraph.js';
import { Subscription } from './subscription.js';

/** The gateway in front of two real subgraphs, with tokens of a key of its own. */
export class GatewayUnderTest {
  readonly identity: TestIdentity;
  readonly inbox: InboxSubgraph;
  readonly contacts: ContactsSubgraph;
  service: Service;
  /** What it was started with. */
  readonly config: Config;
  readonly #clients = new Set<Client>();

  private constructor(
    identity: TestIdentity,
    inbox: InboxSubgraph,
    contacts: ContactsSubgraph,
    config: Config,
    service: Service,
  ) {
    this.config = config;
    this.identity = identity;
    this.inbox = inbox;
    this.contacts = contacts;
    this.service = service;
  }

  static async start(env: Record<string, string> = {}): Promise<GatewayUnderTest> {
    const identity = await TestIdentity.start();
    const inbox = new InboxSubgraph(createTokenVerifier({ jwks: identity.jwksUrl }));
    const contacts = new ContactsSubgraph();
    await Promise.all([inbox.server.start(), contacts.server.start()]);
    const config = loadConfig({
      NATS_URL: inject('natsUrl'),
      JWKS_URL: identity.jwksUrl,
      API_KEY_TOKEN_URL: identity.apiKeyTokenUrl,
      SUBGRAPHS: JSON.stringify({ inbox: inbox.server.url, contacts: contacts.server.url }),
      LOG_LEVEL: 'silent',
      RETRY_START_MS: '20',
      RETRY_CAP_MS: '100',
      ...env,
    });
    const service = await createService(config);
    await service.start();
    contacts.requests = inbox.requests = 0;
    return new GatewayUnderTest(identity, inbox, contacts, config, service);
  }

  /** A new process in front of the same subgraphs, after `service.stop()`. */
  async restart(): Promise<void> {
    this.service = await createService(this.config);
    await this.service.start();
  }

  get url(): string {
    return `${this.service.url}/graphql`;
  }

  get socketUrl(): string {
    return this.url.replace('http', 'ws');
  }

  /** A standard client, without reconnecting. */
  client(authorization: string, options: Partial<ClientOptions> = {}): Client {
    const client = createClient({
      url: this.socketUrl,
      webSocketImpl: WebSocket,
      connectionParams: { authorization },
      retryAttempts: 0,
      ...options,
    });
    this.#clients.add(client);
    return client;
  }

  /** Subscribes as a member of its own socket. */
  async subscribe(
    query: string,
    { variables, authorization }: { variables?: Record<string, unknown>; authorization?: string } = {},
  ): Promise<Subscription> {
    return new Subscription(this.client(authorization ?? (await this.identity.authorization())), { query, variables });
  }

  async post(
    body: object,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: FormattedExecutionResult }> {
    const response = await request(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.statusCode, body: (await response.body.json()) as FormattedExecutionResult };
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) await client.dispose();
    await this.service.stop();
    await Promise.all([this.inbox.server.crash(), this.contacts.server.crash(), this.identity.stop()]);
  }
}
