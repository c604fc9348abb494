import { randomInt } from 'node:crypto';
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

/**
 * Above what programs usually listen on, below what Linux (32768) and macOS (49152) give outgoing connections: a port out
 * of that range may be some connection's own by the time a server starts on it, or starts on it again.
 */
const FIRST = 15_000;
const LAST = 32_000;
const HOW_MANY = LAST - FIRST + 1;
/** Each process begins elsewhere and goes on from there, so that two seldom look at a port at the same moment. */
let next = randomInt(HOW_MANY);

/**
 * A port that was free a moment ago, and that this process has not been given lately.
 * @throws LocalSetupError when none is free
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tried = 0; tried < HOW_MANY; tried += 1) {
    const port = FIRST + (next++ % HOW_MANY);
    try {
      return await listenOnce(port, host);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  throw new LocalSetupError(`No port from ${FIRST} to ${LAST} is free on ${host}.`);
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
