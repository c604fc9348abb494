import type { Provider } from '../provider.js';
import { sendMessage, type SendOptions } from './send.js';
import { verifySignature } from './signature.js';
import { parseWebhook } from './webhook.js';

/** Meta's Cloud API, direct. 360dialog shares webhook and message format and differs in address, header and signature. */
export function createWhatsAppCloudProvider(options: SendOptions): Provider {
  return {
    name: 'whatsapp-cloud',
    verify(rawBody, headers, secrets) {
      const header = headers['x-hub-signature-256'];
      const index = verifySignature(rawBody, typeof header === 'string' ? header : undefined, secrets);
      return index === -1 ? undefined : index;
    },
    parse: parseWebhook,
    send: (message, credentials) => sendMessage(message, credentials, options),
  };
}
