import { createClient, type Client, type ExecutionResult } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface GraphQLAnswer<T> {
  status: number;
  data: T;
  errors?: { message: string; extensions?: Record<string, unknown>; path?: unknown[] }[];
}

/** GraphQL over HTTP at the public endpoint, as any client would do it. */
export async function request<T = Record<string, never>>(
  url: string,
  query: string,
  {
    variables,
    token,
    headers,
  }: { variables?: Record<string, unknown>; token?: string | undefined; headers?: Record<string, string> } = {},
): Promise<GraphQLAnswer<T>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, ...((await response.json()) as Omit<GraphQLAnswer<T>, 'status'>) };
}

/** What the only root field gives of a request that must not fail. */
export async function ask<T>(
  { graphqlUrl }: { graphqlUrl: string },
  token: string | undefined,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<T> {
  const { data, errors } = await request<Record<string, T>>(graphqlUrl, query, { token, variables });
  if (errors) throw new Error(JSON.stringify(errors));
  return Object.values(data)[0]!;
}

export async function signIn(url: string, { email, password }: { email: string; password: string }): Promise<string> {
  const answer = await request<{ signIn: { accessToken?: string } }>(
    url,
    'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { ... on Session { accessToken } } }',
    { variables: { email, password } },
  );
  const token = answer.data?.signIn?.accessToken;
  if (!token) throw new Error(`Cannot sign in: ${JSON.stringify(answer)}`);
  return token;
}

export interface Subscriber<T> {
  /** Everything received so far, in order. */
  readonly received: T[];
  readonly errors: unknown[];
  /** Whether the server has ended it. */
  isComplete(): boolean;
  /** Drops the connection without a word, as a broken network does. */
  cut(): void;
  stop(): Promise<void>;
}

/** A standard graphql-ws client with one subscription; it does not retry, so that tests see breaks. */
export function subscribe<T>(
  url: string,
  query: string,
  token: string,
  variables: Record<string, unknown> = {},
): Subscriber<T> {
  const received: T[] = [];
  const errors: unknown[] = [];
  let socket: WebSocket | undefined;
  let isComplete = false;
  const client: Client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${token}` },
    on: { connected: (connected) => (socket = connected as WebSocket) },
  });
  client.subscribe(
    { query, variables },
    {
      next: (result) => {
        const { data, errors: problems } = result as ExecutionResult<T>;
        if (data) received.push(data);
        if (problems) errors.push(...problems);
      },
      error: (error) => errors.push(error),
      complete: () => (isComplete = true),
    },
  );
  return {
    received,
    errors,
    isComplete: () => isComplete,
    cut: () => socket?.terminate(),
    async stop() {
      await client.dispose();
    },
  };
}
