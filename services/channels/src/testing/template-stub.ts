import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody, sendJson } from '@fenster/runtime';

export interface TemplateCall {
  method: string;
  /** Below the version. */
  path: string;
  query: Record<string, string>;
  authorization: string | undefined;
  body: Record<string, unknown> | undefined;
  /** Of a file. */
  bytes: Buffer;
}

/** The templates of a provider, as a test wants them. */
export async function startTemplateStub() {
  const calls: TemplateCall[] = [];
  const stub = {
    calls,
    url: '',
    /** Of one account, by the provider's field names. */
    templates: [] as Record<string, unknown>[],
    pageSize: 100,
    /** Answers a call instead. */
    onCall: (_call: TemplateCall): { status: number; body: object } | undefined => undefined,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const answerTo = ({ method, path, query, body, bytes }: TemplateCall): object => {
    if (path.endsWith('/uploads')) return { id: 'upload:1?sig=a.b' };
    if (path.startsWith('upload:')) return { h: `handle-${bytes.length}` };
    if (!path.endsWith('/message_templates')) return { success: true };
    if (method === 'POST') return { id: '900', status: 'PENDING', category: body!['category'] };
    if (method === 'DELETE') return { success: true };
    const from = Number(query['after'] ?? 0);
    const after = from + stub.pageSize;
    const data = stub.templates.slice(from, after);
    return {
      data,
      paging: { cursors: { after: String(after) }, ...(after < stub.templates.length && { next: 'https://…' }) },
    };
  };
  const server = createServer(async (request, response) => {
    const { pathname, searchParams, search } = new URL(request.url!, 'http://localhost');
    const bytes = await readBody(request, 1_000_000);
    const isJson = request.headers['content-type'] === 'application/json';
    const path = pathname.replace(/^\/v[\d.]+\//, '');
    const call: TemplateCall = {
      method: request.method!,
      path: path.startsWith('upload:') ? path + search : path,
      query: Object.fromEntries(searchParams),
      authorization: request.headers.authorization,
      body: isJson ? (JSON.parse(bytes.toString()) as Record<string, unknown>) : undefined,
      bytes,
    };
    const isAboutTemplates =
      /message_templates|upload|^\d+$/.test(call.path) && !searchParams.get('fields')?.includes('verified');
    if (isAboutTemplates) calls.push(call);
    const { status, body } = stub.onCall(call) ?? { status: 200, body: answerTo(call) };
    sendJson(response, status, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return stub;
}
export type TemplateStub = Awaited<ReturnType<typeof startTemplateStub>>;
