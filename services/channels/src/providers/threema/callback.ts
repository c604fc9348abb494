import { createHmac } from 'node:crypto';
import { threemaId } from '@fenster/contracts';
import { indexOfEqual } from '../equal-bytes.js';
import { parseForm } from '../form-body.js';
import type { WebhookRequest, WebhookSecret } from '../provider.js';

/** What Threema posts (whatsapp.md §G), but for what is in the box. */
export interface Callback {
  from: string;
  to: string;
  messageId: string;
  date: Date;
  nonce: Buffer;
  box: Buffer;
  nickname: string | null;
}

const SIGNED = ['from', 'to', 'messageId', 'date', 'nonce', 'box'] as const;

/** `mac`: HMAC-SHA256 of the other fields, one after the other, in hexadecimal digits. */
export function verifyCallback(
  { rawBody }: Pick<WebhookRequest, 'rawBody'>,
  secrets: readonly WebhookSecret[],
): number | undefined {
  const fields = parseForm(rawBody);
  const mac = fields?.get('mac') ?? '';
  if (!fields || !/^[0-9a-f]{64}$/.test(mac) || !SIGNED.every((name) => fields.getAll(name).length === 1))
    return undefined;
  const signed = SIGNED.map((name) => fields.get(name)).join('');
  return indexOfEqual(Buffer.from(mac, 'hex'), secrets, (secret) =>
    typeof secret === 'string' && secret !== '' ? createHmac('sha256', secret).update(signed).digest() : undefined,
  );
}

/** @returns why not, where it cannot be read. */
export function readCallback(rawBody: Buffer): Callback | string {
  const fields = parseForm(rawBody);
  if (!fields) return 'the body is no form';
  const field = (name: string) => fields.get(name) ?? '';
  const [from, to, messageId] = [field('from'), field('to'), field('messageId')];
  if (!threemaId.safeParse(from).success) return 'from missing or malformed';
  if (!threemaId.safeParse(to).success) return 'to missing or malformed';
  if (!/^[0-9a-f]{16}$/.test(messageId)) return 'messageId missing or malformed';
  if (!/^\d{9,10}$/.test(field('date'))) return 'date missing or malformed';
  if (!/^[0-9a-f]{48}$/.test(field('nonce'))) return 'nonce missing or malformed';
  if (!/^(?:[0-9a-f]{2}){17,4000}$/.test(field('box'))) return 'box missing or malformed';
  return {
    from,
    to,
    messageId,
    date: new Date(Number(field('date')) * 1_000),
    nonce: Buffer.from(field('nonce'), 'hex'),
    box: Buffer.from(field('box'), 'hex'),
    nickname: fields.get('nickname'),
  };
}
