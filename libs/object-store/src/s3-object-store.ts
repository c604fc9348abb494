import { hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { Agent, request, type Dispatcher } from 'undici';
import { inParts } from './in-parts.js';
import { checkKey, ObjectNotFoundError, type ObjectStore } from './object-store.js';

export interface S3Options {
  /** Of the bucket: `https://bucket.s3.eu-central-1.amazonaws.com`, or `https://minio.example.com/bucket`. */
  bucketUrl: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** What one request carries and one upload holds in memory; at least 5 MiB, as S3 takes no smaller parts. */
  partBytes?: number;
  /** Before the second attempt of a request; doubles with each. */
  retryMs?: number;
}

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';
type Answer = Dispatcher.ResponseData;

const PART_BYTES = 8 * 1024 * 1024;
const ATTEMPTS = 4;
const MAX_XML_BYTES = 64 * 1024;
const TIMEOUT_MS = 30_000;

/**
 * Any store that speaks S3's protocol, signature version 4. Content of unknown length goes up in parts, each held in
 * memory and signed by its hash, so that a part that fails is sent again.
 */
export function createS3ObjectStore(options: S3Options): ObjectStore {
  const { region, accessKeyId, secretAccessKey, partBytes = PART_BYTES, retryMs = 200 } = options;
  const bucket = options.bucketUrl.replace(/\/+$/, '');
  const dispatcher = new Agent({
    connect: { timeout: TIMEOUT_MS },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  const keys = new Map<string, ArrayBuffer>();

  async function send(method: Method, path: string, body?: Buffer, range?: string): Promise<Answer> {
    const signer = new AwsV4Signer({
      method,
      url: `${bucket}/${path}`,
      headers: { 'x-amz-content-sha256': hash('sha256', body ?? ''), ...(range !== undefined && { range }) },
      accessKeyId,
      secretAccessKey,
      service: 's3',
      region,
      cache: keys,
    });
    const { url, headers } = await signer.sign();
    return request(url, { dispatcher, method, headers: Object.fromEntries(headers), body: body ?? null });
  }

  /** All that is done here may be done twice. @throws S3Error for an answer that `isGood` does not take. */
  async function ask(method: Method, path: string, body?: Buffer, range?: string): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await send(method, path, body, range);
        if (answer.statusCode < 300) return answer;
        const code = codeOf(await readText(answer.body));
        if (answer.statusCode === 404) throw new ObjectNotFoundError();
        throw new S3Error(method, answer.statusCode, code);
      } catch (error) {
        const isFinal = error instanceof ObjectNotFoundError || (error instanceof S3Error && !error.mayPass);
        if (isFinal || attempt >= ATTEMPTS) throw error;
        await sleep(retryMs * 2 ** (attempt - 1));
      }
    }
  }

  async function putWhole(key: string, body: Buffer): Promise<void> {
    await drained(await ask('PUT', key, body));
  }

  async function putParts(key: string, first: Buffer, rest: AsyncIterable<Buffer>): Promise<void> {
    const begun = await readText((await ask('POST', `${key}?uploads=`)).body);
    const uploadId = encodeURIComponent(unescapeXml(elementOf(begun, 'UploadId') ?? ''));
    try {
      const etags: string[] = [];
      const put = async (part: Buffer) => {
        const answer = await ask('PUT', `${key}?partNumber=${etags.length + 1}&uploadId=${uploadId}`, part);
        await drained(answer);
        etags.push(String(answer.headers.etag));
      };
      await put(first);
      for await (const part of rest) await put(part);
      const parts = etags.map((etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
      const list = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
      const ended = await readText((await ask('POST', `${key}?uploadId=${uploadId}`, Buffer.from(list))).body);
      // S3 begins its 200 before it knows.
      if (/<Error>/.test(ended)) throw new S3Error('POST', 200, codeOf(ended));
    } catch (error) {
      await ask('DELETE', `${key}?uploadId=${uploadId}`).then(drained, () => undefined);
      throw error;
    }
  }

  return {
    async put(key, content) {
      checkKey(key);
      const parts = inParts(content, partBytes);
      const first = await parts.next();
      const body = first.done ? Buffer.alloc(0) : first.value;
      if (body.length < partBytes) await putWhole(key, body);
      else await putParts(key, body, parts);
    },
    async get(key, range): Promise<Readable> {
      checkKey(key);
      if (range && range.end <= range.start) throw new RangeError('An empty range cannot be asked for.');
      const { body, statusCode } = await ask('GET', key, undefined, range && `bytes=${range.start}-${range.end - 1}`);
      if (range && statusCode !== 206) {
        body.destroy();
        throw new S3Error('GET', statusCode, 'the range was ignored');
      }
      return body;
    },
    async delete(key) {
      checkKey(key);
      await ask('DELETE', key).then(drained, (error: unknown) => {
        if (!(error instanceof ObjectNotFoundError)) throw error;
      });
    },
    close: () => dispatcher.close(),
  };
}

/** Says what the store answered, and nothing of what was asked: keys and addresses stay out of logs. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly mayPass: boolean;

  constructor(method: string, status: number, code: string | undefined) {
    super(`The object store answered ${method} with ${status}${code ? ` (${code})` : ''}.`);
    this.mayPass = status >= 500 || status === 429 || status === 408 || status === 200;
  }
}

async function drained({ body }: Answer): Promise<void> {
  await body.dump();
}

async function readText(body: Readable): Promise<string> {
  let text = '';
  for await (const bytes of body) {
    text += String(bytes);
    if (text.length > MAX_XML_BYTES) break;
  }
  return text;
}

function elementOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

function codeOf(xml: string): string | undefined {
  const code = elementOf(xml, 'Code');
  return code !== undefined && /^\w{1,60}$/.test(code) ? code : undefined;
}

function unescapeXml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
