import { readFileSync } from 'node:fs';
import { loadConfig } from './config.js';
import { createService } from './service.js';

/** `npm run sandbox`: everything has a default, and the environment may say otherwise. */

const NUMBERS = [
  {
    phoneNumberId: '106540352242922',
    displayPhoneNumber: '4930123456',
    wabaId: '102290129340398',
    name: 'Fahrrad Sommer',
  },
  {
    phoneNumberId: '106540352242923',
    displayPhoneNumber: '4930123457',
    wabaId: '102290129340398',
    name: 'Fahrrad Sommer Werkstatt',
  },
];
const env = {
  PORT: '4010',
  LOG_LEVEL: 'warn',
  APP_SECRET: 'sandbox-app-secret',
  VERIFY_TOKEN: 'sandbox-verify-token',
  NUMBERS: JSON.stringify(NUMBERS.map((number) => ({ ...number, accessToken: 'sandbox-access-token' }))),
  ...process.env,
};

try {
  const config = loadConfig(env);
  const service = await createService(config);
  await service.start();
  const { url } = service;
  const numbers = config.numbers.map(
    ({ phoneNumberId, displayPhoneNumber, accessToken }) =>
      `    +${displayPhoneNumber}   POST ${url}/${config.webhookVersion}/${phoneNumberId}/messages   Bearer ${accessToken}`,
  );
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  process.stdout.write(`
WhatsApp sandbox ${version} is running. Ctrl-C stops it.

  Phones             ${url}/   in a browser: type as a customer
  Graph API          ${url}/${config.webhookVersion}/   instead of https://graph.facebook.com
  Numbers
${numbers.join('\n')}
  Account            ${[...new Set(config.numbers.map((number) => number.wabaId))].join(', ')}
  App                ${config.appId}, secret ${config.appSecret}
  Webhooks go to     ${config.callbackUrl ?? 'nobody yet: set CALLBACK_URL, or POST /{version}/{app}/subscriptions'}
  Scenarios          ${url}/sandbox/scenarios

  services/sandbox/README.md explains the rest.
`);
  const stop = () => void service.stop().then(() => process.exit(0));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
