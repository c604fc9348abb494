import { invalidInput } from '@fenster/runtime';
import { baseType } from './file-types.js';
import type { ContentRefusedError, Refusal } from './keep-content.js';

const MAX_FILE_NAME = 240;

/** As people call a file; null for none. @throws DomainError INVALID_INPUT */
export function checkFileName(fileName: string | null | undefined, field: string): string | null {
  const name = fileName?.trim() ?? '';
  // eslint-disable-next-line no-control-regex -- They would end the header or the form field that the name goes into.
  if (name.length > MAX_FILE_NAME || /[\u0000-\u001f\u007f/\\]/.test(name) || !name.isWellFormed()) {
    throw invalidInput(field, `must have at most ${MAX_FILE_NAME} characters, and no slashes or control characters.`);
  }
  return name === '' ? null : name;
}

const REFUSALS: Record<Refusal, { status: number; message: string }> = {
  TOO_LARGE: { status: 413, message: 'The file is larger than such a file may be.' },
  WRONG_SIZE: { status: 422, message: 'The file is not as large as was announced.' },
  WRONG_CHECKSUM: { status: 422, message: 'The file came damaged.' },
  WRONG_TYPE: { status: 422, message: 'The file is not of the type that was announced.' },
  INFECTED: { status: 422, message: 'The virus scanner does not let this file pass.' },
};

/** What whoever brought it is told. */
export function refusalAnswer({ refusal, maxBytes }: ContentRefusedError) {
  const { status, message } = REFUSALS[refusal];
  return { status, code: refusal, message, details: maxBytes === undefined ? {} : { maxBytes } };
}

/** What browsers may show in place. Everything else is saved: what it does when it is opened is not known. */
const SHOWN_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif']);

/** Of an answer: what came from outside never runs on a page of ours, whatever it says that it is. */
export function fileHeaders(mimeType: string | null, fileName: string | null): Record<string, string> {
  const type = baseType(mimeType ?? '');
  const isKnown = /^(image|audio|video)\/[\w.+-]{1,100}$/.test(type) || type === 'application/pdf';
  const name = fileName === null ? '' : `; filename*=UTF-8''${encodeRfc5987(fileName)}`;
  return {
    'content-type': isKnown && type !== 'image/svg+xml' ? type : 'application/octet-stream',
    'content-disposition': `${SHOWN_TYPES.has(type) ? 'inline' : 'attachment'}${name}`,
    'content-security-policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}

function encodeRfc5987(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
