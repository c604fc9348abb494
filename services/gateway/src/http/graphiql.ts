const FIRST_STEPS = `# 1. Sign in, and put the token into "Headers" below: { "authorization": "Bearer <accessToken>" }
mutation SignIn {
  signIn(email: "agent@demo.fenster.test", password: "") {
    ... on Session { accessToken }
    ... on UserError { message }
  }
}

# 2. Follow the inbox: what happens is shown as it happens.
subscription Inbox {
  inboxEvents {
    __typename
    cursor
    ... on MessageAdded {
      message { seq text status conversation { id contact { name } channel { name } } }
    }
    ... on MessageStatusChanged { message { seq status } }
  }
}
`;

let page: Promise<string> | undefined;

/** The GraphiQL page, whole and without anything from elsewhere. It is 9 MB, so it is loaded when somebody asks for it. */
export function graphiqlPage(): Promise<string> {
  page ??= import('@graphql-yoga/render-graphiql').then(({ renderGraphiQL }) =>
    passHeadersToSockets(
      renderGraphiQL({
        title: 'Fenster',
        subscriptionsProtocol: 'WS',
        defaultQuery: FIRST_STEPS,
      }),
    ),
  );
  return page;
}

/**
 * The page sends what its header editor holds with HTTP requests only; here it becomes the connection parameters of its sockets too.
 *
 * @throws Error if the page is not as we know it (another version of render-graphiql).
 */
export function passHeadersToSockets(html: string): string {
  const patched = html.replace(
    /extensions:\{headers:(\w+)\?\.headers\}/,
    'extensions:{headers:$1?.headers,connectionParams:$1?.headers}',
  );
  if (patched === html) throw new Error('This version of GraphiQL cannot be given connection parameters.');
  return patched;
}
