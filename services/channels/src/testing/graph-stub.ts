import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface GraphCall {
  path: string;
  authorization: string | undefined;
  body: {
    to?: string;
    recipient?: string;
    text: { body: string };
    biz_opaque_callback_data: string;
    context?: { message_id: string };
  };
  accept(providerMessageId?: string, more?: object): void;
  refuse(code: number, status?: number, headers?: Record<string, string>): void;
  /** Breaks the connection without an answer. */
  reset(): void;
}

/** A provider whose answers a test decides. Until `onCall` is set it takes every message. */
export async function startGraphStub() {
  const calls: GraphCall[] = [];
  const sockets = new Set<Socket>();
  let accepted = 0;
  const media = createMediaStub();
  const stub = {
    calls,
    media,
    url: '',
    port: 0,
    onCall: (call: GraphCall): void => call.accept(),
    /** What there is to read, by path below the version; anything else is unknown. */
    nodes: new Map<string, object>(),
    /** Refuses to read anything, with this code. */
    refusesToRead: undefined as number | undefined,
    /** What business profiles were changed to. */
    profiles: [] as object[],
    /** What was uploaded in sessions: how each was opened, and with what it went on. */
    uploads: [] as StubUpload[],
    /** Refuses the bytes of an upload, with this code. */
    refusesBytes: undefined as number | undefined,
    /** The texts of all calls, in order. */
    texts: () => calls.map((call) => call.body.text.body),
    listen: (port = 0) =>
      new Promise<void>((resolve) => {
        server.listen(port, '127.0.0.1', () => {
          stub.port = (server.address() as AddressInfo).port;
          stub.url = `http://127.0.0.1:${stub.port}`;
          resolve();
        });
      }),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  const server = createServer(async (request, response) => {
    const { pathname, searchParams, search } = new URL(request.url ?? '/', 'http://localhost');
    const path = pathname.replace(/^\/(v[\d.]+\/)?/, '');
    const isProfile = request.method === 'POST' && path.endsWith('whatsapp_business_profile');
    const isRead = request.method === 'GET' && (searchParams.has('fields') || path.endsWith('/settings'));
    if (request.method === 'POST' && /\buploads$|^upload:/.test(path)) {
      const bytes = Buffer.from(await new Response(request as never).arrayBuffer());
      const isOpening = path.endsWith('uploads');
      const { authorization, file_offset: offset } = request.headers;
      if (isOpening) stub.uploads.push({ path, query: Object.fromEntries(searchParams), authorization });
      else Object.assign(stub.uploads.at(-1)!, { session: path + search, offset, bytes });
      const code = isOpening ? undefined : stub.refusesBytes;
      if (code !== undefined) return json(response, 400, { error: { code, message: 'refused' } });
      return json(response, 200, isOpening ? { id: 'upload:1?sig=a.b' } : { h: `handle-${bytes.length}` });
    }
    if (!isProfile && !isRead && (await media.handle(request, response, stub.url))) return;
    let text = '';
    for await (const chunk of request) text += String(chunk);
    if (isProfile || isRead) {
      const node = isProfile ? { success: true } : stub.nodes.get(path);
      const code = stub.refusesToRead ?? (node ? undefined : 100);
      if (code !== undefined) return json(response, 400, { error: { code, message: 'refused' } });
      if (isProfile) stub.profiles.push(JSON.parse(text) as object);
      return json(response, 200, node!);
    }
    const call: GraphCall = {
      path: request.url ?? '',
      authorization: request.headers.authorization,
      body: JSON.parse(text) as GraphCall['body'],
      accept: (id = `wamid.OUT${(accepted += 1)}`, more = {}) =>
        json(response, 200, { messaging_product: 'whatsapp', messages: [{ id }], ...more }),
      refuse: (code, status = 400, headers = {}) =>
        json(response, status, { error: { code, message: 'refused' } }, headers),
      reset: () => void request.socket.resetAndDestroy(),
    };
    calls.push(call);
    stub.onCall(call);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await stub.listen();
  return stub;
}
export type GraphStub = Awaited<ReturnType<typeof startGraphStub>>;

function json(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export interface StubUpload {
  path: string;
  query: Record<string, string>;
  authorization: string | undefined;
  session?: string;
  offset?: string;
  bytes?: Buffer;
}

export interface StubFile {
  bytes: Buffer;
  mimeType: string;
  fileName?: string;
}

export interface MediaCall {
  kind: 'address' | 'file' | 'upload' | 'delete';
  /** The provider's, of the file. */
  id: string;
  authorization: string | undefined;
}

/** Files at the provider: their addresses, themselves, and uploads. A test may answer instead. */
function createMediaStub() {
  let uploads = 0;
  const media = {
    files: new Map<string, StubFile>(),
    calls: [] as MediaCall[],
    /** True if it has answered. */
    onCall: (_call: MediaCall, _response: ServerResponse): boolean => false,
    /** What the answer about a file says, beside or instead of what is so. */
    says: {} as Record<string, unknown>,
    add(id: string, file: StubFile) {
      media.files.set(id, file);
    },
    async handle(request: IncomingMessage, response: ServerResponse, url: string): Promise<boolean> {
      const { pathname } = new URL(request.url!, url);
      const isUpload = request.method === 'POST' && pathname.endsWith('/media');
      // Numbers are read in the same way; files are called so here.
      const isDeletion = request.method === 'DELETE';
      const isFile = (isDeletion || request.method === 'GET') && /\/(media|up)[^/]*$/.test(pathname);
      if (!isFile && !isUpload) return false;
      const kind = isDeletion ? 'delete' : isUpload ? 'upload' : pathname.startsWith('/file/') ? 'file' : 'address';
      const id = isUpload ? `up${(uploads += 1)}` : pathname.split('/').at(-1)!;
      const body = isUpload
        ? await new Response(request as never, { headers: request.headers as never }).formData()
        : undefined;
      const call: MediaCall = { kind, id, authorization: request.headers.authorization };
      media.calls.push(call);
      if (media.onCall(call, response)) return true;
      if (body) {
        const file = body.get('file') as File;
        const isComplete = body.get('messaging_product') === 'whatsapp' && body.get('type') === file.type;
        if (!isComplete) return (json(response, 400, { error: { code: 100, message: 'incomplete' } }), true);
        media.add(id, { bytes: Buffer.from(await file.arrayBuffer()), mimeType: file.type, fileName: file.name });
        return (json(response, 200, { id }), true);
      }
      const file = media.files.get(id);
      if (!file) json(response, 404, { error: { code: 100, error_subcode: 33, message: 'no such object' } });
      else if (isDeletion) {
        media.files.delete(id);
        json(response, 200, { success: true });
      } else if (kind === 'file') response.end(file.bytes);
      else {
        json(response, 200, {
          messaging_product: 'whatsapp',
          url: `${url}/file/${id}`,
          mime_type: file.mimeType,
          sha256: createHash('sha256').update(file.bytes).digest('hex'),
          file_size: String(file.bytes.length),
          id,
          ...media.says,
        });
      }
      return true;
    },
  };
  return media;
}
