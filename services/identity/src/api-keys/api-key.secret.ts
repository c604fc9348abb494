import { isId } from '@fenster/runtime';
import { newSecret } from '../sessions/refresh-token.js';

/** What a program presents: `fk_` for secret scanners, the key's id to find it by, and 256 random bits. */
export interface ApiKeyCredential {
  id: string;
  secret: string;
}

const CREDENTIAL = /^Bearer fk_([0-9a-f]{32})_([\w-]{43})$/;

export function newCredential(id: string): ApiKeyCredential {
  return { id, secret: newSecret() };
}

export function formatCredential({ id, secret }: ApiKeyCredential): string {
  return `fk_${id.replaceAll('-', '')}_${secret}`;
}

/** Of an `authorization` header; undefined for anything but an API key. */
export function parseAuthorization(header: string | undefined): ApiKeyCredential | undefined {
  const [, hex, secret] = CREDENTIAL.exec(header ?? '') ?? [];
  if (hex === undefined || secret === undefined) return undefined;
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return isId(id) ? { id, secret } : undefined;
}
