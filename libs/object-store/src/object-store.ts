import type { Readable } from 'node:stream';

/** Bytes from `start` up to and without `end`. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Keeps large things by random keys. Whatever comes in here is sealed: a store knows neither names nor contents. */
export interface ObjectStore {
  /** Keeps all of `content` or, if that fails, nothing. A key is written once. */
  put(key: string, content: AsyncIterable<Buffer>): Promise<void>;
  /** @throws ObjectNotFoundError */
  get(key: string, range?: ByteRange): Promise<Readable>;
  /** What is not there is deleted already. */
  delete(key: string): Promise<void>;
  close(): Promise<void>;
}

export class ObjectNotFoundError extends Error {
  override readonly name = 'ObjectNotFoundError';

  constructor(options?: ErrorOptions) {
    super('There is no such object in the store.', options);
  }
}

const KEY = /^[a-z0-9][a-z0-9-]{15,63}$/;

/** Keys are ours; one from elsewhere could be a path. @throws TypeError */
export function checkKey(key: string): void {
  if (!KEY.test(key)) throw new TypeError('This is no key of an object.');
}
