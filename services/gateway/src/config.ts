import { z } from 'zod';
import { authEnv, flag, httpEnv, httpUrl, natsEnv, parseConfig, type Environment } from '@fenster/runtime';

const bytes = z.coerce.number().int().min(1_024);
const milliseconds = z.coerce.number().int().min(1);
const count = z.coerce.number().int().min(1);

const options = z.object({
  ...httpEnv,
  ...natsEnv,
  ...authEnv,
  /** Where identity exchanges API keys for access tokens: its `/internal/api-key-token`. Without it none is accepted. */
  API_KEY_TOKEN_URL: httpUrl.optional(),
  /** JSON object: name of the subgraph → its GraphQL URL. */
  SUBGRAPHS: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'must be a JSON object of subgraph names and URLs' });
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string().regex(/^[a-z][a-z0-9_]*$/, { message: 'names are lower case words' }), httpUrl)),
  /** The committed supergraph. Without it, the gateway asks the subgraphs and composes. */
  SUPERGRAPH_FILE: z.string().optional(),
  /** Origins of web pages that may use the API, separated by commas; `*` for all. The gateway's own host always may. */
  ALLOWED_ORIGINS: z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((origin) => origin.trim())
        .filter((origin) => origin !== ''),
    ),
  /** How many proxies of yours stand in front, each of which adds to X-Forwarded-For. With 0 nobody believes that header. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** Introspection, suggestions in error messages, the GraphiQL page and `/schema.graphql`. */
  INTROSPECTION: flag.default(false),

  /** `off`; `allowed`: documents of the file may be named by their id; `only`: no others run. */
  TRUSTED_DOCUMENTS: z.enum(['off', 'allowed', 'only']).default('off'),
  /** JSON object: SHA-256 of a document in lower-case hexadecimal → the document. */
  TRUSTED_DOCUMENTS_FILE: z.string().optional(),

  MAX_QUERY_DEPTH: count.default(10),
  MAX_QUERY_ALIASES: count.default(15),
  MAX_QUERY_DIRECTIVES: count.default(50),
  MAX_QUERY_FIELDS: count.default(500),
  MAX_QUERY_TOKENS: count.default(2_000),
  /** How many fields an answer may have; `operation/query-cost.ts` says how they are counted. */
  MAX_QUERY_COST: count.default(10_000),
  MAX_BODY_BYTES: bytes.default(256 * 1024),
  MAX_FRAME_BYTES: bytes.default(256 * 1024),
  MAX_OPERATIONS_PER_SOCKET: count.default(50),

  /** Requests in a window: of each member or API key, of each workspace, and of each address before sign-in. */
  REQUESTS_PER_MEMBER: count.default(5_000),
  REQUESTS_PER_WORKSPACE: count.default(20_000),
  REQUESTS_PER_ADDRESS: count.default(5_000),
  REQUESTS_WINDOW_SECONDS: count.default(30),

  /** Limit of each call to a subgraph, in milliseconds. */
  SUBGRAPH_TIMEOUT_MS: milliseconds.default(10_000),
  /** Limit of each call that enriches an event: the events behind it wait. */
  ENRICHMENT_TIMEOUT_MS: milliseconds.default(1_000),
  CONNECTION_INIT_TIMEOUT_MS: milliseconds.default(3_000),
  KEEP_ALIVE_MS: milliseconds.default(12_000),
  OUTGOING_BUFFER_BYTES: bytes.default(1024 * 1024),
  SLOW_SOCKET_TIMEOUT_MS: milliseconds.default(30_000),
  /** What each shared subscription keeps of its newest events. */
  RING_EVENTS: count.default(1_000),
  RING_BYTES: bytes.default(2 * 1024 * 1024),
  RETRY_START_MS: milliseconds.default(100),
  RETRY_CAP_MS: milliseconds.default(500),
});

/** Said beside the problems of single variables. */
const always = { when: () => true };

const schema = options
  .refine(({ REQUESTS_PER_MEMBER: own, REQUESTS_PER_WORKSPACE: all }) => !(own >= all), {
    path: ['REQUESTS_PER_MEMBER'],
    message: 'must be less than REQUESTS_PER_WORKSPACE, or one member could use that up',
    ...always,
  })
  .refine(
    ({ TRUSTED_DOCUMENTS: mode, TRUSTED_DOCUMENTS_FILE: file }) => (mode !== 'allowed' && mode !== 'only') || file,
    { path: ['TRUSTED_DOCUMENTS_FILE'], message: 'is needed for trusted documents', ...always },
  );

export type Config = z.output<typeof schema>;

/** @throws ConfigurationError listing every problem. */
export function loadConfig(env: Environment): Config {
  return parseConfig('gateway', schema, env);
}
