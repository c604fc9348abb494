import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Of every id of Threema, so of every one that is connected. */
export const STUB_PRIVATE_KEY = '11'.repeat(32);
export const STUB_PUBLIC_KEY = '7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13';

export interface ProviderStub {
  url: string;
  /** What it tells beside, by method and the end of the path: `GET 123/message_templates`. */
  answers: Map<string, object>;
  stop(): Promise<void>;
}

/** A provider that takes whatever it is asked and tells nothing but that every number is the asker's. */
export async function startProviderStub(): Promise<ProviderStub> {
  const answers = new Map<string, object>();
  const server = createServer((request, response) => {
    request.resume();
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const number = searchParams.get('PhoneNumber');
    const told = answers.get(`${request.method} ${pathname.split('/').slice(-2).join('/')}`);
    const answer =
      told ?? (number === null ? { success: true } : { incoming_phone_numbers: [{ phone_number: number }] });
    const isKey = pathname.startsWith('/pubkeys/');
    response.writeHead(200, { 'content-type': isKey ? 'text/plain' : 'application/json' });
    response.end(isKey ? STUB_PUBLIC_KEY : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    answers,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
