import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The least that a receiver of webhooks has to do, written as fast as it can be with plain means. */
export function isSigned(body: Buffer, request: IncomingMessage, secret: string): boolean {
  const given = request.headers['x-hub-signature-256'];
  if (typeof given !== 'string' || !given.startsWith('sha256=')) return false;
  const expected = createHmac('sha256', secret).update(body).digest();
  const actual = Buffer.from(given.slice(7), 'hex');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

export function readRequest(request: IncomingMessage, onBody: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => onBody(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
}

export interface IncomingText {
  wamid: string;
  phone: string;
  name: string;
  text: string;
  channelId: string;
}

interface Webhook {
  entry: {
    changes: {
      value: {
        metadata: { phone_number_id: string };
        contacts: { profile: { name: string } }[];
        messages?: { id: string; from: string; text: { body: string } }[];
      };
    }[];
  }[];
}

export function textsOf(body: Buffer): IncomingText[] {
  const { entry } = JSON.parse(body.toString()) as Webhook;
  return entry.flatMap(({ changes }) =>
    changes.flatMap(({ value }) =>
      (value.messages ?? []).map((message) => ({
        wamid: message.id,
        phone: message.from,
        name: value.contacts[0]!.profile.name,
        text: message.text.body,
        channelId: value.metadata.phone_number_id,
      })),
    ),
  );
}

/** Listens on a free port of the loopback address and tells the parent; ends with it. */
export function announce(server: {
  listen(port: number, host: string, onListening: () => void): unknown;
  address(): unknown;
}): void {
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number };
    process.send?.({ ready: true, url: `http://127.0.0.1:${port}` });
  });
  process.once('disconnect', () => process.exit(0));
  process.once('SIGTERM', () => process.exit(0));
}
