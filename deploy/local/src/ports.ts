import { createServer } from 'node:net';
import { LocalSetupError } from './errors.js';

export class PortTakenError extends LocalSetupError {
  override readonly name = 'PortTakenError';

  constructor(
    readonly port: number,
    readonly purpose: string,
    readonly variable: string,
    reason = 'another process listens on it',
  ) {
    super(
      `Port ${port} is not free for ${purpose}: ${reason}. Stop that process, or choose another port with ${variable}.`,
    );
  }
}

/**
 * @param purpose what wants the port, in the words of the person who starts Fenster
 * @param variable environment variable that changes the port
 * @throws PortTakenError
 */
export async function assertPortFree(
  port: number,
  purpose: string,
  variable: string,
  host = '127.0.0.1',
): Promise<void> {
  try {
    await listenOnce(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new PortTakenError(port, purpose, variable);
    if (code === 'EACCES') throw new PortTakenError(port, purpose, variable, 'this user may not listen on it');
    if (code === 'EADDRNOTAVAIL')
      throw new LocalSetupError(`${purpose} cannot listen on ${host}: this machine has no such address.`);
    throw error;
  }
}

/** A port that was free a moment ago. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  return listenOnce(0, host);
}

function listenOnce(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const taken = typeof address === 'object' && address !== null ? address.port : port;
      server.close((error) => (error ? reject(error) : resolve(taken)));
    });
  });
}
