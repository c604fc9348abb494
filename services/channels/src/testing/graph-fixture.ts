import { readFileSync } from 'node:fs';
import type { AdapterFixture, Webhook } from './adapter.contract.js';

const fixture = (name: string) =>
  readFileSync(new URL(`../providers/whatsapp-cloud/fixtures/${name}.json`, import.meta.url));

/** What Meta posts, and what partners pass on. */
export function graphWebhooks(): Webhook[] {
  return [
    { name: 'a text', rawBody: fixture('text'), kinds: ['message'] },
    { name: 'a person without a number', rawBody: fixture('text-bsuid-only'), kinds: ['message'] },
    { name: 'statuses', rawBody: fixture('statuses'), kinds: ['status', 'status', 'status', 'status'] },
    { name: 'no JSON', rawBody: Buffer.from('{'), kinds: ['rejected'] },
    { name: 'a field without effect', rawBody: Buffer.from(ALERT), kinds: ['other'] },
  ];
}

const ALERT = JSON.stringify({
  object: 'whatsapp_business_account',
  entry: [{ id: '1', time: 1_795_208_400, changes: [{ field: 'account_alerts', value: { entity_type: 'WABA' } }] }],
});

const error = (code: number) => ({ error: { code, message: 'refused' } });

/** What the Graph API answers. */
export const graphAnswers = {
  to: { phone: '+4915112345678' },
  accepted: { status: 200, body: { messaging_product: 'whatsapp', messages: [{ id: 'wamid.X' }] } },
  acceptedId: 'wamid.X',
  rejected: [
    { status: 400, body: error(131047), class: 'window_closed', reason: 'window_closed' },
    { status: 400, body: error(131026), class: 'never', reason: 'undeliverable' },
    { status: 400, body: error(131050), class: 'opt_out', reason: 'marketing_stopped' },
    { status: 429, body: error(130429), class: 'wait', reason: 'number_busy' },
    { status: 401, body: error(190), class: 'channel_broken', reason: 'access_expired' },
    { status: 401, body: '', class: 'channel_broken', reason: 'access_expired' },
  ],
} satisfies Pick<AdapterFixture<object>, 'to' | 'accepted' | 'acceptedId' | 'rejected'>;
