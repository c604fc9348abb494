import { createHmac } from 'node:crypto';
import { describeAdapter } from '../../testing/adapter.contract.js';
import { graphAnswers, graphWebhooks } from '../../testing/graph-fixture.js';
import { createWhatsAppCloudProvider, type CloudCredentials } from './whatsapp-cloud.provider.js';

const credentials = (apiBaseUrl: string): CloudCredentials => ({
  apiBaseUrl,
  apiVersion: 'v26.0',
  phoneNumberId: '106540352242922',
  wabaId: '419561257915477',
  accessToken: 'token-1',
});

describeAdapter('WhatsApp Cloud API', {
  create: createWhatsAppCloudProvider,
  credentials,
  impossible: [
    () => credentials('ftp://127.0.0.1'),
    (apiBaseUrl) => ({ ...credentials(apiBaseUrl), accessToken: 'a\r\nx-admin: 1' }),
  ],
  webhooks: {
    secret: 'app-secret',
    otherSecrets: ['app-secret2', 'App-secret'],
    sign: ({ rawBody }, secret) => ({
      rawBody,
      headers: {
        'x-hub-signature-256': `sha256=${createHmac('sha256', secret as string)
          .update(rawBody)
          .digest('hex')}`,
      },
      url: 'https://hooks.example/webhooks/whatsapp',
    }),
    header: 'x-hub-signature-256',
    covers: { body: true, url: false },
    samples: graphWebhooks(),
  },
  ...graphAnswers,
});
