import { randomBytes } from 'node:crypto';
import { apiKeyChanged, memberChanged, teamChanged, type AuditEntryRecorded } from '@fenster/contracts';
import { CLIENT_ADDRESS_HEADER, createLogger, newId, type Environment } from '@fenster/runtime';
import { openDatabase, readLog, type Database } from '@fenster/database';
import type { Overrides } from '@fenster/graphql';
import { createTestDatabase } from '../../../../test/support/test-database.js';
import { startTestNats, type TestNats } from '../../../../test/support/test-nats.js';
import { Channel } from '../channels/channel.entity.js';
import { entities } from '../entities.js';
import { loadConfig } from '../config.js';
import { Member } from '../members/member.entity.js';
import { hashPassword } from '../members/password.js';
import { migrations } from '../migrations.js';
import { createIdentityService, type IdentityService } from '../service.js';
import { Workspace } from '../workspaces/workspace.entity.js';

export interface Answer {
  status: number;
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions: { code: string }; path?: string[] }[];
}

export type SignInMember = Member & { email: string };

const DIRECTORY: ReadonlySet<string> = new Set([memberChanged.name, teamChanged.name, apiKeyChanged.name]);

export const PASSWORD = 'correct horse 1';

/** Identity as it runs, on a database of its own, with a clock that the test sets. */
export class IdentityUnderTest {
  accessor now = new Date('2026-11-21T10:00:00Z');
  readonly secretKey = randomBytes(32);
  service!: IdentityService;
  database!: Database;
  databaseUrl!: string;
  nats!: TestNats;
  #dropDatabase!: () => Promise<void>;

  async start(): Promise<this> {
    const [{ url, drop }, nats] = await Promise.all([createTestDatabase('identity', migrations), startTestNats()]);
    this.nats = nats;
    this.databaseUrl = url;
    this.#dropDatabase = drop;
    this.database = await openDatabase({
      service: 'identity',
      url,
      poolSize: 2,
      entities,
      log: createLogger('test', 'silent'),
    });
    this.service = await this.anotherInstance();
    return this;
  }

  /** A second process of the same service, on the same database. */
  async anotherInstance(overrides: Overrides = {}, env: Environment = {}): Promise<IdentityService> {
    const config = loadConfig({
      DATABASE_URL: this.databaseUrl,
      NATS_URL: this.nats.url,
      SECRET_KEY: this.secretKey.toString('base64'),
      LOG_LEVEL: 'silent',
      ...env,
    });
    const service = await createIdentityService(config, { now: () => this.now, ...overrides });
    await service.start();
    return service;
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.database.close();
    await Promise.all([this.#dropDatabase(), this.nats.stop()]);
  }

  async workspace(): Promise<string> {
    const workspaceId = newId();
    const em = this.database.system();
    em.create(Workspace, { workspaceId, name: `Workspace ${workspaceId}`, createdAt: this.now });
    await em.flush();
    return workspaceId;
  }

  /** A channel of a workspace, as if channels had told of it. */
  async channel(workspaceId: string): Promise<string> {
    const id = newId();
    await this.database.system().insert(Channel, { workspaceId, id });
    return id;
  }

  async member(workspaceId: string, role: string = 'agent', name = 'Anna Berg'): Promise<SignInMember> {
    const em = this.database.system();
    const id = newId();
    const member = em.create(Member, {
      id,
      workspaceId,
      email: `${id}@example.test`,
      name,
      role,
      passwordHash: await hashPassword(PASSWORD),
      createdAt: this.now,
    });
    await em.flush();
    return member as SignInMember;
  }

  async accessToken(member: SignInMember, url = this.service.url): Promise<string> {
    const { data } = await this.query(
      `mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { ... on Session { accessToken } } }`,
      { variables: { email: member.email, password: PASSWORD }, url },
    );
    return (data!.signIn as { accessToken: string }).accessToken;
  }

  /** What a mutation or query answers that must not fail. */
  async ask<T = Record<string, unknown>>(
    token: string | undefined,
    query: string,
    variables: Record<string, unknown> = {},
  ): Promise<T> {
    const { data, errors } = await this.query(query, { variables, ...(token && { token }) });
    if (errors) throw new Error(JSON.stringify(errors));
    return Object.values(data!)[0] as T;
  }

  /** The data of what was announced of one workspace, but for audit log, directory and the first `after`, by event. */
  async announced(workspaceId: string, after = 0): Promise<{ name: string; data: unknown }[]> {
    const log = await readLog(this.database.forTenant(workspaceId), 0, 1_000);
    return log
      .filter(({ dataClass, name }) => dataClass !== 'audit' && !DIRECTORY.has(name))
      .slice(after)
      .map(({ name, data }) => ({ name, data }));
  }

  /** Members and teams as others were told that they are, the latest last. */
  async directory(workspaceId: string): Promise<unknown[]> {
    const log = await readLog(this.database.forTenant(workspaceId), 0, 1_000);
    return log.filter(({ name }) => DIRECTORY.has(name)).map(({ data }) => data);
  }

  /** What the audit log will say that identity itself did for one workspace. */
  async audited(workspaceId: string): Promise<AuditEntryRecorded[]> {
    const log = await readLog(this.database.forTenant(workspaceId), 0, 1_000);
    return log
      .filter(({ name }) => name === 'identity.audit_entry.recorded')
      .map(({ data }) => data as AuditEntryRecorded);
  }

  async query(
    query: string,
    options: { variables?: Record<string, unknown>; token?: string; url?: string; clientAddress?: string } = {},
  ): Promise<Answer> {
    const response = await fetch(`${options.url ?? this.service.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(options.token && { authorization: `Bearer ${options.token}` }),
        ...(options.clientAddress && { [CLIENT_ADDRESS_HEADER]: options.clientAddress }),
      },
      body: JSON.stringify({ query, variables: options.variables }),
    });
    return { status: response.status, ...((await response.json()) as object) };
  }
}
