import { urlBelow } from '../http-call.js';

/** How Meta's Graph API is reached for one number: at Meta, or at a partner that passes it on. */
export interface GraphAccess {
  baseUrl: string;
  /** Before what belongs to the number, and before what has an id of its own. */
  numberPath: readonly string[];
  objectPath: readonly string[];
  headers: Readonly<Record<string, string>>;
  /** Said where files are asked for, if that is wanted. */
  phoneNumberId?: string;
  /** Files are fetched here, wherever the API says that they are, and handed over here, through an app of the partner's own. */
  passesFilesOn?: true;
}

/** @throws TypeError if the base is no URL. */
export function graphUrl({ baseUrl }: GraphAccess, path: readonly string[], query?: Record<string, string>): URL {
  return urlBelow(baseUrl, path, query);
}
