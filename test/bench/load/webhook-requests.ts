import { createHmac } from 'node:crypto';

/** Where webhooks go, and what they look like there. */
export interface WebhookTarget {
  url: string;
  /** Signs the body as Meta does. */
  secret: string;
  headers?: Record<string, string>;
  /** A body of one message, with `__PHONE__`, `__NAME__`, `__WAMID__` and `__TEXT__` in it. */
  template: string;
}

export interface WebhookMessage {
  customer: number;
  /** 1, 2, 3, … of this customer in this run. */
  number: number;
}

const PLACEHOLDER = /__(PHONE|NAME|WAMID|TEXT)__/;
const FILLER = 'Hello, is the table by the window still free tonight? We would be four, at eight, with a dog.';

export const phoneOf = (customer: number) => `49151${String(10_000_000 + customer)}`;
export const nameOf = (customer: number) => `Customer ${customer}`;
export const wamidOf = (run: string, { customer, number }: WebhookMessage) => `wamid.${run}.${customer}.${number}`;
/** What {@link readMark} finds again in a frame. */
export const markOf = (run: string, { customer, number }: WebhookMessage) => `#${run}.${customer}.${number}#`;

/** Makes whole HTTP requests, ready to be written. */
export function requestMaker(target: WebhookTarget, run: string): (message: WebhookMessage) => Buffer {
  const parts = target.template.split(PLACEHOLDER);
  const { host, pathname, search } = new URL(target.url);
  const headers = Object.entries(target.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n${headers.join('')}`;
  return (message) => {
    const values: Record<string, string> = {
      PHONE: phoneOf(message.customer),
      NAME: nameOf(message.customer),
      WAMID: wamidOf(run, message),
      TEXT: `${FILLER} ${markOf(run, message)}`,
    };
    let body = '';
    for (const [index, part] of parts.entries()) body += index % 2 === 0 ? part : values[part]!;
    const signature = createHmac('sha256', target.secret).update(body).digest('hex');
    // Everything is ASCII: as many characters as bytes.
    return Buffer.from(
      `${head}content-length: ${body.length}\r\nx-hub-signature-256: sha256=${signature}\r\n\r\n${body}`,
      'latin1',
    );
  };
}
