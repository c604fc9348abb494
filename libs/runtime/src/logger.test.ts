import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { loggerOptions, type Logger } from './logger.js';

function lines(write: (log: Logger) => void): string {
  let text = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  write(pino(loggerOptions('test', 'info'), sink));
  return text;
}

describe('logs', () => {
  it('hide bodies, numbers and tokens, also one or two levels down', () => {
    const text = lines((log) =>
      log.info(
        {
          phone: '+4915112345678',
          message: { text: 'geheim' },
          request: { headers: { authorization: 'Bearer x.y.z' } },
        },
        'hello',
      ),
    );
    expect(text).toContain('hello');
    for (const secret of ['+4915112345678', 'geheim', 'x.y.z']) expect(text).not.toContain(secret);
  });

  it('keep what identifies an error and drop what a driver quotes of the data', () => {
    const error = Object.assign(new Error('duplicate key: Key (phone)=(+4915112345678) already exists.'), {
      severity: 'ERROR',
      code: '23505',
      constraint: 'contact_phone',
      detail: 'Key (phone)=(+4915112345678)',
    });
    const text = lines((log) => log.error({ err: new Error('outer', { cause: error }) }, 'failed'));
    expect(text).toContain('23505');
    expect(text).toContain('contact_phone');
    expect(text).not.toContain('+4915112345678');
  });
});
