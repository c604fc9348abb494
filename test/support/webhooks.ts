import { createHmac } from 'node:crypto';
import { DEMO_NUMBER, type Stack } from '@fenster/local';

export interface Customer {
  phone: string;
  name: string;
}

export const ANNA: Customer = { phone: '4915112345678', name: 'Anna Bauer' };

/** One `messages` webhook in Meta's format of October 2026, with as many messages as there are texts. */
export function messagesWebhook(
  customer: Customer,
  texts: readonly string[],
  ids = texts.map(() => newWamid()),
): string {
  return JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [
      {
        id: DEMO_NUMBER.wabaId,
        changes: [
          {
            field: 'messages',
            value: {
              messaging_product: 'whatsapp',
              metadata: {
                display_phone_number: DEMO_NUMBER.displayPhoneNumber,
                phone_number_id: DEMO_NUMBER.phoneNumberId,
              },
              contacts: [
                { profile: { name: customer.name }, wa_id: customer.phone, user_id: `DE.${customer.phone}00` },
              ],
              messages: texts.map((text, index) => ({
                id: ids[index],
                from: customer.phone,
                from_user_id: `DE.${customer.phone}00`,
                timestamp: String(Math.floor(Date.now() / 1000)),
                type: 'text',
                text: { body: text },
              })),
            },
          },
        ],
      },
    ],
  });
}

let counter = 0;
export function newWamid(): string {
  counter += 1;
  return `wamid.${process.pid}.${Date.now()}.${counter}`;
}

export function sign(body: string | Buffer, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Posts a webhook signed with the app secret. Resolves to the HTTP status. */
export async function postWebhook(stack: Pick<Stack, 'webhookUrl' | 'deployment'>, body: string): Promise<number> {
  const response = await fetch(stack.webhookUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-hub-signature-256': sign(body, stack.deployment.secrets.appSecret),
    },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}
