import { createServer, type AddressInfo, type Socket } from 'node:net';

export const EICAR_LIKE = 'this-is-a-virus';

/** ClamAV's daemon as far as its command INSTREAM goes: finds one word, and takes no more than it was told to. */
export async function startClamdStub(options: { maxBytes?: number } = {}) {
  const sockets = new Set<Socket>();
  const stub = {
    port: 0,
    scanned: [] as Buffer[],
    /** Instead of a verdict. */
    answer: undefined as string | undefined,
    isSilent: false,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let waiting = Buffer.alloc(0);
    let isBegun = false;
    const content: Buffer[] = [];
    const say = (text: string) => void socket.end(`${text}\0`);
    socket.on('data', (bytes: Buffer) => {
      waiting = Buffer.concat([waiting, bytes]);
      if (!isBegun) {
        const command = 'zINSTREAM\0';
        if (waiting.length < command.length) return;
        if (!waiting.subarray(0, command.length).equals(Buffer.from(command))) return say('UNKNOWN COMMAND');
        waiting = waiting.subarray(command.length);
        isBegun = true;
      }
      while (waiting.length >= 4) {
        const length = waiting.readUInt32BE();
        if (length === 0) {
          const all = Buffer.concat(content);
          stub.scanned.push(all);
          if (stub.isSilent) return;
          if (stub.answer !== undefined) return say(stub.answer);
          return say(all.includes(EICAR_LIKE) ? 'stream: Win.Test.EICAR_HDB-1 FOUND' : 'stream: OK');
        }
        if (waiting.length < 4 + length) return;
        content.push(Buffer.from(waiting.subarray(4, 4 + length)));
        waiting = waiting.subarray(4 + length);
        const size = content.reduce((sum, { length: each }) => sum + each, 0);
        if (options.maxBytes !== undefined && size > options.maxBytes)
          return say('INSTREAM size limit exceeded. ERROR');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stub.port = (server.address() as AddressInfo).port;
  return stub;
}
export type ClamdStub = Awaited<ReturnType<typeof startClamdStub>>;
