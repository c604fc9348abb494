import { readFileSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bsuidOf, messagesBody, newWamid, sign } from './webhook-body.js';

const USAGE = `Posts a webhook, signed as Meta signs it.

  node services/sandbox/dist/send-webhook.js --url URL --secret APP_SECRET --phone-number-id ID [--from +49…] [--text "Hallo"] [--name NAME]
  node services/sandbox/dist/send-webhook.js --url URL --secret APP_SECRET --file body.json     ("-" reads standard input)
`;

const OPTIONS = {
  url: { type: 'string' },
  secret: { type: 'string' },
  'phone-number-id': { type: 'string' },
  from: { type: 'string', default: '+4915112345678' },
  name: { type: 'string', default: 'Anna Bauer' },
  text: { type: 'string', default: 'Hallo' },
  file: { type: 'string' },
} as const;

/** @returns the exit code: 0 for HTTP 200, 1 for any other answer or none, 2 for wrong usage. */
export async function sendWebhook(args: string[], print: (line: string) => void): Promise<number> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse(args);
  } catch (error) {
    print(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  const { url, secret, body } = options;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': sign(body, secret) },
      body,
      signal: AbortSignal.timeout(10_000),
    });
    print(`HTTP ${response.status} ${await response.text()}`.trim());
    return response.status === 200 ? 0 : 1;
  } catch (error) {
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
    print(`No answer from ${url}: ${cause?.code ?? cause?.message ?? message}`);
    return 1;
  }
}

function parse(args: string[]) {
  const { values } = parseArgs({ args, options: OPTIONS });
  const { url, secret, file } = values;
  if (url === undefined || secret === undefined) throw new Error('--url and --secret are required.');
  // The bytes of a file are sent as they are: the signature is over them.
  if (file !== undefined) return { url, secret, body: readFileSync(file === '-' ? 0 : file) };
  const phoneNumberId = values['phone-number-id'];
  if (phoneNumberId === undefined) throw new Error('--phone-number-id or --file is required.');
  const phone = values.from.replace('+', '');
  const number = { phoneNumberId, displayPhoneNumber: '49000000000', wabaId: '0' };
  const message = { id: newWamid(), type: 'text', text: { body: values.text } };
  const body = messagesBody(number, { phone, bsuid: bsuidOf(phone), name: values.name }, [message], new Date());
  return { url, secret, body: Buffer.from(JSON.stringify(body)) };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  process.exitCode = await sendWebhook(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
}
