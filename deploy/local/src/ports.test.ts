import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { assertPortFree, freePort, PortTakenError } from './ports.js';

describe('ports', () => {
  it('names a taken port, what wants it and the variable that changes it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const refusal = assertPortFree(port, 'PostgreSQL', 'FENSTER_POSTGRES_PORT');
    await expect(refusal).rejects.toThrow(PortTakenError);
    await expect(refusal).rejects.toThrow(new RegExp(`Port ${port} is not free for PostgreSQL.*FENSTER_POSTGRES_PORT`));
  });

  it('finds a port that is free, and leaves it free', async () => {
    await expect(assertPortFree(await freePort(), 'a test', 'NONE')).resolves.toBeUndefined();
  });

  it('says that an address is not this machine’s', async () => {
    await expect(assertPortFree(0, 'a test', 'NONE', '192.0.2.1')).rejects.toThrow('192.0.2.1');
  });
});
