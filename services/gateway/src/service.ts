import { readFile } from 'node:fs/promises';
import { transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { parse, print } from 'graphql';
import { createTokenVerifier } from '@fenster/auth';
import { connectNats } from '@fenster/messaging';
import {
  ConfigurationError,
  createHttpServer,
  createLogger,
  systemClock,
  type Logger,
  type Service,
} from '@fenster/runtime';
import { createApiKeyTokens } from './api-keys/api-key-tokens.js';
import { createSubscriptionAudit } from './audit/subscription-audit.js';
import type { Config } from './config.js';
import { createCredentialsVerifier } from './credentials.js';
import { createEngine } from './engine/engine.js';
import { createFront } from './front/front.js';
import { Hub } from './front/hub.js';
import { createGraphqlHttpHandler } from './http/graphql-http.js';
import { createOriginPolicy } from './http/origin.js';
import { Operations } from './operation/operations.js';
import { createPrepare, parseTrustedDocuments, type TrustedDocuments } from './operation/trusted-documents.js';
import { createFormatError, createFormatResult } from './operation/results.js';
import { RateLimits } from './rate-limit/rate-limits.js';
import { reportsPageRoutes } from './reports/reports-page.js';
import { followRevocations } from './revocations/revocations.js';
import { composeFromSubgraphs } from './supergraph.js';

export interface ServiceOverrides {
  /** Instead of the file or the subgraphs' own word. */
  supergraphSdl?: string;
  log?: Logger;
}

const PATH = '/graphql';

/** The public endpoint: GraphQL over HTTP and graphql-transport-ws at `/graphql`. Waits until it has a supergraph. */
export async function createService(config: Config, overrides: ServiceOverrides = {}): Promise<Service> {
  const log = overrides.log ?? createLogger('gateway', config.LOG_LEVEL);
  const supergraphSdl = overrides.supergraphSdl ?? (await loadSupergraph(config));
  const engine = createEngine({
    supergraphSdl,
    subgraphUrls: config.SUBGRAPHS,
    callTimeoutMs: config.SUBGRAPH_TIMEOUT_MS,
    enrichmentTimeoutMs: config.ENRICHMENT_TIMEOUT_MS,
    log,
  });
  // Whatever is wrong with the configuration is found before anything runs.
  const operations = new Operations(engine.schema, {
    introspection: config.INTROSPECTION,
    limits: {
      depth: config.MAX_QUERY_DEPTH,
      aliases: config.MAX_QUERY_ALIASES,
      directives: config.MAX_QUERY_DIRECTIVES,
      fields: config.MAX_QUERY_FIELDS,
      tokens: config.MAX_QUERY_TOKENS,
      cost: config.MAX_QUERY_COST,
    },
  });
  const prepare = createPrepare(operations, await loadTrustedDocuments(config, operations));
  const connection = await connectNats({ url: config.NATS_URL, name: 'gateway', log });
  const revocations = followRevocations(connection, systemClock, log);
  const credentials = createCredentialsVerifier({
    verifier: createTokenVerifier({ jwks: config.JWKS_URL }),
    revocations,
    apiKeys: config.API_KEY_TOKEN_URL
      ? createApiKeyTokens({ url: config.API_KEY_TOKEN_URL, now: systemClock })
      : undefined,
  });
  const formatError = createFormatError(log);
  const formatResult = createFormatResult(formatError);
  const origins = createOriginPolicy(config.ALLOWED_ORIGINS);
  const rateLimits = new RateLimits({
    perMember: config.REQUESTS_PER_MEMBER,
    perWorkspace: config.REQUESTS_PER_WORKSPACE,
    perAddress: config.REQUESTS_PER_ADDRESS,
    windowSeconds: config.REQUESTS_WINDOW_SECONDS,
  });
  const hub = new Hub({
    engine,
    format: formatResult,
    ring: { maxEntries: config.RING_EVENTS, maxBytes: config.RING_BYTES },
    backOff: { startMs: config.RETRY_START_MS, capMs: config.RETRY_CAP_MS },
    now: systemClock,
    log,
  });
  const audit = createSubscriptionAudit({ connection, now: systemClock, log });
  const front = createFront({
    engine,
    prepare,
    hub,
    credentials,
    audit,
    formatError,
    formatResult,
    origins,
    rateLimits,
    maxFrameBytes: config.MAX_FRAME_BYTES,
    trustedProxies: config.TRUSTED_PROXIES,
    limits: {
      connectionInitTimeoutMs: config.CONNECTION_INIT_TIMEOUT_MS,
      keepAliveMs: config.KEEP_ALIVE_MS,
      maxOperationsPerSocket: config.MAX_OPERATIONS_PER_SOCKET,
      outgoingBufferBytes: config.OUTGOING_BUFFER_BYTES,
      slowSocketTimeoutMs: config.SLOW_SOCKET_TIMEOUT_MS,
    },
    log,
  });
  const http = createGraphqlHttpHandler({
    engine,
    prepare,
    credentials,
    formatError,
    formatResult,
    origins,
    rateLimits,
    maxBodyBytes: config.MAX_BODY_BYTES,
    trustedProxies: config.TRUSTED_PROXIES,
    graphiql: config.INTROSPECTION,
    log,
  });
  const server = createHttpServer({
    host: config.HOST,
    port: config.PORT,
    log,
    routes: {
      [PATH]: http,
      ...reportsPageRoutes(),
      ...(config.INTROSPECTION ? { 'GET /schema.graphql': schemaHandler(supergraphSdl) } : {}),
    },
    upgrades: { [PATH]: front.upgrade },
  });

  return {
    name: 'gateway',
    get url() {
      return server.url;
    },
    async start() {
      revocations.onChange(front.recheck);
      await revocations.start();
      await server.start();
    },
    async stop() {
      await Promise.all([front.stop(), server.stop()]);
      await audit.stop();
      await engine.close();
      await revocations.stop();
      await connection.close();
    },
  };
}

async function loadSupergraph(config: Config): Promise<string> {
  return config.SUPERGRAPH_FILE ? readFile(config.SUPERGRAPH_FILE, 'utf8') : composeFromSubgraphs(config.SUBGRAPHS);
}

/** @throws ConfigurationError naming every document that could not run. */
async function loadTrustedDocuments(config: Config, operations: Operations): Promise<TrustedDocuments> {
  const { TRUSTED_DOCUMENTS: mode, TRUSTED_DOCUMENTS_FILE: file } = config;
  if (mode === 'off' || file === undefined) return { mode, texts: new Map() };
  const json = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationError('gateway', [`TRUSTED_DOCUMENTS_FILE: cannot be read (${error.code})`]);
  });
  return { mode, texts: parseTrustedDocuments(json, (text) => operations.check(text)) };
}

function schemaHandler(supergraphSdl: string): Parameters<typeof createHttpServer>[0]['routes'][string] {
  const publicSdl = print(transformSupergraphToPublicSchema(parse(supergraphSdl)));
  return (_request, response) =>
    void response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(publicSdl);
}
