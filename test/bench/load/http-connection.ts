import { createConnection, type Socket } from 'node:net';

const NOTHING: Buffer = Buffer.alloc(0);
const HEADER_END = Buffer.from('\r\n\r\n');

/**
 * One kept-alive HTTP/1.1 connection that sends requests which are ready as bytes, one at a time. A general client
 * costs as much per request as the servers under test, and the load shares the machine with them.
 */
export class HttpConnection {
  readonly #host: string;
  readonly #port: number;
  #socket: Socket | undefined;
  #onStatus: ((status: number, body: Buffer) => void) | undefined;
  #received: Buffer | undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
  }

  get isBusy(): boolean {
    return this.#onStatus !== undefined;
  }

  async open(): Promise<this> {
    const socket = createConnection({ host: this.#host, port: this.#port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.removeAllListeners('error');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.once('close', () => {
      this.#socket = undefined;
      this.#settle(0);
    });
    this.#socket = socket;
    return this;
  }

  /** Calls back with the status and the body once the whole answer is there; with 0 if there was none. */
  post(request: Buffer, onStatus: (status: number, body: Buffer) => void): void {
    if (this.#onStatus) throw new Error('This connection waits for an answer.');
    this.#onStatus = onStatus;
    if (this.#socket) this.#socket.write(request);
    else
      this.open().then(
        () => this.#socket?.write(request),
        () => setTimeout(() => this.#settle(0), 100),
      );
  }

  close(): void {
    this.#socket?.destroy();
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#received ? Buffer.concat([this.#received, chunk]) : chunk;
    this.#received = bytes;
    const headerEnd = bytes.indexOf(HEADER_END);
    if (headerEnd === -1) return;
    const head = bytes.toString('latin1', 0, headerEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`An answer without content-length cannot be read:\n${head}`);
    if (bytes.length < headerEnd + 4 + Number(length)) return;
    this.#received = undefined;
    this.#settle(Number(head.slice(9, 12)), bytes.subarray(headerEnd + 4));
  }

  #settle(status: number, body = NOTHING): void {
    const onStatus = this.#onStatus;
    this.#onStatus = undefined;
    onStatus?.(status, body);
  }
}
