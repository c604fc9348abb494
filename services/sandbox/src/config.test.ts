import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';

const number = {
  phoneNumberId: '106540352242922',
  displayPhoneNumber: '4930901820',
  wabaId: '419561257915477',
  accessToken: 't',
};
const env = {
  CALLBACK_URL: 'http://127.0.0.1:4101/webhooks/whatsapp',
  APP_SECRET: 's',
  NUMBERS: JSON.stringify([number]),
};

describe('loadConfig', () => {
  it('needs only callback, secret and numbers', () => {
    expect(loadConfig(env)).toMatchObject({
      host: '127.0.0.1',
      numbers: [{ ...number, freeServiceMessages: 1_000 }],
      delays: { sent: 150, delivered: 400, read: 1_200 },
    });
  });

  it('lets one number have another allowance than the rest', () => {
    const numbers = JSON.stringify([
      { ...number, freeServiceMessages: 3 },
      { ...number, phoneNumberId: '2' },
    ]);
    const config = loadConfig({ ...env, NUMBERS: numbers, FREE_SERVICE_MESSAGES: '50' });
    expect(config.numbers.map((each) => each.freeServiceMessages)).toEqual([3, 50]);
  });

  it('names every problem at once, and no value', () => {
    const wrong = { HOST: '0.0.0.0', PORT: '70000', CALLBACK_URL: 'ftp://x', NUMBERS: '[{"phoneNumberId":"geheim"}]' };
    const message =
      /HOST: .*this machine only.*PORT: .*CALLBACK_URL: .*APP_SECRET: is required.*NUMBERS\.0\.phoneNumberId/s;
    expect(() => loadConfig(wrong)).toThrow(message);
    expect(() => loadConfig(wrong)).not.toThrow(/geheim/);
  });

  it.each(['no JSON', '{}', '[]'])('refuses NUMBERS=%s', (numbers) => {
    expect(() => loadConfig({ ...env, NUMBERS: numbers })).toThrow(/NUMBERS: /);
  });
});
