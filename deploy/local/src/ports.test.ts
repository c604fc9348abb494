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

  it('gives no port twice in a row, none that is taken, and none that an outgoing connection could take', async () => {
    const ports = [await freePort()];
    const taken = createServer().listen(ports[0]! + 1, '127.0.0.1');
    await Promise.race([once(taken, 'listening'), once(taken, 'error')]);
    onTestFinished(() => void taken.close());
    ports.push(...(await Promise.all(Array.from({ length: 20 }, () => freePort()))));
    expect(new Set(ports).size).toBe(ports.length);
    expect(ports).not.toContain(ports[0]! + 1);
    for (const port of ports) expect(port).toSatisfy((each: number) => each >= 15_000 && each < 32_768);
  });

  it('says that an address is not this machine’s', async () => {
    await expect(assertPortFree(0, 'a test', 'NONE', '192.0.2.1')).rejects.toThrow('192.0.2.1');
  });
});
