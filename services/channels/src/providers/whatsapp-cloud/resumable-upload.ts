import { Readable } from 'node:stream';
import { request } from 'undici';
import type { OutgoingFile, ProviderAnswer } from '../provider.js';
import type { ProviderOptions } from '../provider-options.js';
import { graphUrl, type GraphAccess } from './graph-access.js';
import { answerOf, callGraph } from './graph-call.js';

/** Opaque; it may have a query of its own, which is a part of it. */
const UPLOAD_ID = /^upload:[\x21-\x7e]{1,1024}$/;

/**
 * Streams a file through an app to Meta, which keeps it for what refers to it by the handle that this resolves to: an example
 * of a template, a picture of a profile. Never rejects.
 */
export async function uploadFile(
  appId: string,
  file: OutgoingFile,
  access: GraphAccess,
  options: ProviderOptions,
  signal: AbortSignal,
): Promise<ProviderAnswer<string>> {
  const query = { file_length: String(file.sizeBytes), file_type: file.mimeType, file_name: file.fileName };
  const path = [...access.objectPath, ...(access.passesFilesOn ? [] : [appId]), 'uploads'];
  const session = await callGraph({ method: 'POST', path, query }, access, options);
  if (session.kind !== 'answered') return session;
  const { id } = session.value;
  if (typeof id !== 'string' || !UPLOAD_ID.test(id)) {
    return { kind: 'unreachable', reason: 'the provider opened no upload' };
  }
  try {
    const answered = await request(`${graphUrl(access, access.objectPath).href.replace(/\/$/, '')}/${id}`, {
      dispatcher: options.mediaDispatcher ?? options.dispatcher,
      signal,
      method: 'POST',
      headers: {
        ...access.headers,
        'content-type': file.mimeType,
        'content-length': String(file.sizeBytes),
        file_offset: '0',
      },
      body: Readable.from(file.content),
    });
    const answer = answerOf(answered.statusCode, Buffer.from(await answered.body.arrayBuffer()));
    if (answer.kind !== 'answered') return answer;
    const { h: handle } = answer.value;
    return typeof handle === 'string' && handle !== ''
      ? { kind: 'answered', value: handle }
      : { kind: 'unreachable', reason: 'the file was taken without a handle' };
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return { kind: 'unreachable', reason: String(code ?? name) };
  }
}
