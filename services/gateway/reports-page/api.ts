/** The API refused: `code` says why, for programs. */
export class ApiError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

interface Session {
  accessToken: string;
  refreshToken: string;
  expiresAt: string;
}

const SESSION = '... on Session { accessToken refreshToken expiresAt }';
const RENEW_BEFORE_MS = 60_000;

/** Kept by this page only, and gone with it: nothing else of this origin can read it. */
let session: Session | undefined;

async function post<Data>(query: string, variables: object, token?: string): Promise<Data> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as {
    data?: Data;
    errors?: { extensions?: { code?: string } }[];
  };
  const code = errors?.[0]?.extensions?.code;
  if (errors && (code === 'UNAUTHENTICATED' || !data)) throw new ApiError(code ?? 'UNKNOWN');
  if (!data) throw new ApiError('UNKNOWN');
  return data;
}

/** @throws ApiError */
export async function signIn(email: string, password: string): Promise<void> {
  const { signIn: answer } = await post<{ signIn: Session & { __typename: string } }>(
    `mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password, device: "/reports") {
      __typename ${SESSION} } }`,
    { email, password },
  );
  if (answer.__typename !== 'Session') throw new ApiError(answer.__typename);
  session = answer;
}

/** Ends the session; this page forgets it whatever happens. */
export async function signOut(): Promise<void> {
  const token = session?.accessToken;
  session = undefined;
  if (token !== undefined) await post('mutation { signOut { __typename } }', {}, token).catch(() => undefined);
}

let renewing: Promise<void> | undefined;

async function renew(refreshToken: string): Promise<void> {
  const { renewSession: answer } = await post<{ renewSession: Session & { __typename: string } }>(
    `mutation ($refreshToken: String!) { renewSession(refreshToken: $refreshToken) { __typename ${SESSION} } }`,
    { refreshToken },
  );
  session = answer.__typename === 'Session' ? answer : undefined;
}

/** As who is signed in. @throws ApiError UNAUTHENTICATED where nobody is, or not any more */
export async function ask<Data>(query: string, variables: object = {}): Promise<Data> {
  if (session && Date.parse(session.expiresAt) - Date.now() < RENEW_BEFORE_MS) {
    renewing ??= renew(session.refreshToken).finally(() => (renewing = undefined));
    await renewing;
  }
  if (!session) throw new ApiError('UNAUTHENTICATED');
  return post<Data>(query, variables, session.accessToken);
}
