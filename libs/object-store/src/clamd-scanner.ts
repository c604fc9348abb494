import { once } from 'node:events';
import { connect } from 'node:net';
import { z } from 'zod';
import { ScannerError, type Scanner } from './scanner.js';

const MAX_ANSWER = 1_024;
const CLAMD_PORT = 3310;

/** Of a configuration: `clamd://host:port`. */
export const scannerUrl = z
  .string()
  .refine((text) => URL.canParse(text) && new URL(text).protocol === 'clamd:' && new URL(text).hostname !== '', {
    message: 'must be clamd://host:port',
  })
  .transform((text) => ({ host: new URL(text).hostname, port: Number(new URL(text).port || CLAMD_PORT) }));

/**
 * ClamAV's daemon, by its command INSTREAM: chunks with their length before them, an empty one at the end, then its word.
 * Its `StreamMaxLength` has to be as large as the largest file, or it has no word on that.
 */
export function createClamdScanner(options: { host: string; port: number; timeoutMs: number }): Scanner {
  const { host, port, timeoutMs } = options;
  return {
    async open() {
      const socket = connect({ host, port });
      let answer = '';
      let failure: Error | undefined;
      const ended = new Promise<void>((resolve) => {
        socket.on('close', () => resolve());
      });
      const fail = (message: string, cause?: unknown) => {
        failure ??= new ScannerError(message, { cause });
        socket.destroy();
      };
      socket.setTimeout(timeoutMs, () => fail('The virus scanner does not answer.'));
      socket.on('error', (error) => fail('The virus scanner cannot be reached.', error));
      socket.on('data', (bytes: Buffer) => {
        answer += bytes.toString('latin1');
        if (answer.length > MAX_ANSWER) fail('The virus scanner answers too much.');
        // It has said all that there is to say, also where it stopped listening before the end.
        else if (answer.includes('\0')) socket.destroy();
      });

      async function write(bytes: Buffer): Promise<void> {
        if (socket.destroyed) return;
        if (socket.write(bytes)) return;
        await Promise.race([once(socket, 'drain').catch(() => undefined), ended]);
      }

      await Promise.race([once(socket, 'connect').catch(() => undefined), ended]);
      if (failure) throw failure;
      await write(Buffer.from('zINSTREAM\0'));
      return {
        async write(bytes) {
          if (bytes.length === 0) return;
          const length = Buffer.alloc(4);
          length.writeUInt32BE(bytes.length);
          await write(length);
          await write(bytes);
        },
        async end() {
          await write(Buffer.alloc(4));
          await ended;
          if (failure) throw failure;
          return verdictOf(answer);
        },
        close: () => void socket.destroy(),
      };
    },
  };
}

/** `stream: OK`, `stream: Win.Test.EICAR_HDB-1 FOUND`, `INSTREAM size limit exceeded. ERROR` */
function verdictOf(answer: string): 'clean' | 'infected' {
  const text = answer.replace(/\0.*$/s, '');
  if (text === 'stream: OK') return 'clean';
  if (/^stream: .+ FOUND$/.test(text)) return 'infected';
  if (/size limit exceeded/.test(text))
    throw new ScannerError('The file is larger than the StreamMaxLength of the virus scanner.');
  throw new ScannerError('The virus scanner has no verdict.');
}
