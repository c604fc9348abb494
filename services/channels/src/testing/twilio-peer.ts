import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import twilio from 'twilio';
import { request } from 'undici';

export interface TwilioMessage {
  sid: string;
  to: string;
  from: string;
  body: string;
  statusCallback: string;
}

const ACCOUNT = 'ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';

/**
 * Twilio as far as SMS need it: takes messages from whoever has the token, and posts messages and statuses signed by
 * Twilio's own library.
 */
export async function startTwilioPeer(accountSid = ACCOUNT, authToken = 'auth-token', numbers = ['+4930901820']) {
  const sent: TwilioMessage[] = [];
  const files = new Map<string, { mimeType: string; bytes: Buffer }>();
  /** The `Authorization` of those who fetched files. */
  const fetchedBy: (string | undefined)[] = [];
  let counter = 0;
  const sidOf = (prefix: string) => `${prefix}${(counter += 1).toString(16).padStart(32, '0')}`;

  const server = createServer(async (incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const isKnown =
      incoming.headers.authorization === `Basic ${Buffer.from(`${accountSid}:${peer.authToken}`).toString('base64')}`;
    const file = files.get(url.pathname);
    if (file) {
      fetchedBy.push(incoming.headers.authorization);
      if (!isKnown) return refuse(response, 401, 20003);
      response.writeHead(200, { 'content-type': file.mimeType, 'content-length': file.bytes.length }).end(file.bytes);
      return;
    }
    const account = `/2010-04-01/Accounts/${accountSid}`;
    if (!isKnown || !url.pathname.startsWith(account)) return refuse(response, 401, 20003);
    switch (`${incoming.method} ${url.pathname.slice(account.length)}`) {
      case 'GET /IncomingPhoneNumbers.json': {
        const wanted = url.searchParams.get('PhoneNumber');
        const found = numbers.filter((number) => number === wanted);
        return json(response, 200, { incoming_phone_numbers: found.map((each) => ({ phone_number: each })) });
      }
      case 'POST /Messages.json':
        return take(response, new URLSearchParams(await textOf(incoming)));
      default:
        return refuse(response, 404, 20404);
    }
  });

  function take(response: ServerResponse, fields: URLSearchParams): void {
    const field = (name: string) => fields.get(name) ?? '';
    if (!numbers.includes(field('From'))) return refuse(response, 400, 21606);
    if (!/^\+[1-9]\d{5,14}$/.test(field('To'))) return refuse(response, 400, 21211);
    if (field('Body') === '') return refuse(response, 400, 21602);
    const code = peer.refuses.get(field('To'));
    if (code !== undefined) return refuse(response, 400, code);
    const sid = sidOf('SM');
    sent.push({
      sid,
      to: field('To'),
      from: field('From'),
      body: field('Body'),
      statusCallback: field('StatusCallback'),
    });
    json(response, 201, { sid, status: 'queued', error_code: null });
  }

  /** Posts it as Twilio does, signed for exactly this address. */
  async function post(url: string, fields: Record<string, string>, signedFor = url): Promise<number> {
    const signature = twilio.getExpectedTwilioSignature(peer.authToken, signedFor, fields);
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
      body: new URLSearchParams(fields).toString(),
    });
    await body.dump();
    return statusCode;
  }

  const peer = {
    url: '',
    accountSid,
    authToken,
    sent,
    fetchedBy,
    /** By recipient, the code with which messages are refused. */
    refuses: new Map<string, number>(),
    post,
    /** @returns what a webhook says of a message of a customer. */
    inbound: (from: string, body: string, more: Record<string, string> = {}): Record<string, string> => ({
      ToCountry: 'DE',
      SmsStatus: 'received',
      NumMedia: '0',
      To: numbers[0]!,
      From: from,
      Body: body,
      MessageSid: sidOf('SM'),
      AccountSid: accountSid,
      ApiVersion: '2010-04-01',
      ...more,
    }),
    statusOf: (message: TwilioMessage, status: string, more: Record<string, string> = {}): Record<string, string> => ({
      MessageSid: message.sid,
      SmsSid: message.sid,
      MessageStatus: status,
      SmsStatus: status,
      To: message.to,
      From: message.from,
      AccountSid: accountSid,
      ApiVersion: '2010-04-01',
      ...more,
    }),
    /** Keeps a file of an MMS, and says where it is. */
    keep(mimeType: string, bytes: Buffer): string {
      const path = `/2010-04-01/Accounts/${accountSid}/Messages/${sidOf('MM')}/Media/${sidOf('ME')}`;
      files.set(path, { mimeType, bytes });
      return `${peer.url}${path}`;
    },
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  peer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return peer;
}
export type TwilioPeer = Awaited<ReturnType<typeof startTwilioPeer>>;

async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming) text += String(chunk);
  return text;
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, code: number): void {
  json(response, status, { code, message: 'refused', more_info: `https://www.twilio.com/docs/errors/${code}`, status });
}
