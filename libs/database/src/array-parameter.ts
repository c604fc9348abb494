import { sql, type RawBuilder } from 'kysely';

interface ElementType {
  oid: number;
  /** Of a value, in bytes. */
  sizeOf(value: unknown): number;
  write(buffer: Buffer, value: unknown, at: number): void;
}

const fixed = (oid: number, size: number, write: ElementType['write']): ElementType => ({
  oid,
  sizeOf: () => size,
  write,
});
const text = (oid: number): ElementType => ({
  oid,
  sizeOf: (value) => Buffer.byteLength(value as string),
  write: (buffer, value, at) => void buffer.write(value as string, at),
});

/** 2000-01-01, where PostgreSQL's time begins. */
const EPOCH_MS = Date.UTC(2000, 0);
const UUID_BYTES = 16;
/** Where each byte's two digits are; decoding them here is several times faster than a buffer does it. */
const UUID_PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const HEX_DIGITS = Uint8Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const JSONB_VERSION = 1;

/** What PostgreSQL expects of a value of each type (its functions `*_recv`). */
const ELEMENT_TYPES: Readonly<Record<string, ElementType>> = {
  uuid: fixed(2950, UUID_BYTES, writeUuid),
  int: fixed(23, 4, (buffer, value, at) => void buffer.writeInt32BE(value as number, at)),
  bigint: fixed(20, 8, (buffer, value, at) => void buffer.writeBigInt64BE(BigInt(value as bigint | string), at)),
  timestamptz: fixed(1184, 8, (buffer, value, at) => {
    const ms = value instanceof Date ? value.getTime() : Date.parse(value as string);
    buffer.writeBigInt64BE(BigInt(ms - EPOCH_MS) * 1_000n, at);
  }),
  text: text(25),
  bytea: {
    oid: 17,
    sizeOf: (value) => (value as Buffer).length,
    write: (buffer, value, at) => void (value as Buffer).copy(buffer, at),
  },
  jsonb: {
    oid: 3802,
    sizeOf: (value) => 1 + Buffer.byteLength(value as string),
    write(buffer, value, at) {
      buffer.writeUInt8(JSONB_VERSION, at);
      buffer.write(value as string, at + 1);
    },
  },
};

function writeUuid(buffer: Buffer, value: unknown, at: number): void {
  if (typeof value !== 'string' || !UUID.test(value)) throw new TypeError('This is not a UUID.');
  for (let index = 0; index < UUID_BYTES; index += 1) {
    const place = UUID_PLACES[index]!;
    buffer[at + index] = (HEX_DIGITS[value.charCodeAt(place)]! << 4) | HEX_DIGITS[value.charCodeAt(place + 1)]!;
  }
}

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;

/**
 * An array as one parameter: `where id = any(${array('uuid', rows, (row) => row.id)})`. It travels in PostgreSQL's
 * binary format, which pg uses for buffers: escaping and parsing arrays as text costs more than what most statements
 * do with them. Null and undefined become null, values of `jsonb` are objects, times have milliseconds.
 */
export function array<T>(
  type: string,
  items: readonly T[],
  valueOf: (item: T) => unknown = (item) => item,
): RawBuilder<unknown> {
  const values = items.map((item) => {
    const value = valueOf(item) ?? null;
    return type === 'jsonb' && value !== null ? JSON.stringify(value) : value;
  });
  const elementType = ELEMENT_TYPES[type];
  // Other types travel as text.
  return sql`${elementType ? encodeArray(elementType, values) : values}::${sql.raw(type)}[]`;
}

function encodeArray({ oid, sizeOf, write }: ElementType, values: readonly unknown[]): Buffer {
  const sizes = values.map((value) => (value === null ? NULL_LENGTH : sizeOf(value)));
  const size = sizes.reduce((sum, each) => sum + LENGTH_BYTES + Math.max(each, 0), HEADER_BYTES);
  const buffer = Buffer.allocUnsafe(size);
  // Dimensions, whether there are nulls, element type, length, lower bound.
  let at = 0;
  for (const field of [1, sizes.includes(NULL_LENGTH) ? 1 : 0, oid, values.length, 1])
    at = buffer.writeInt32BE(field, at);
  for (let index = 0; index < values.length; index += 1) {
    const length = sizes[index]!;
    at = buffer.writeInt32BE(length, at);
    if (length === NULL_LENGTH) continue;
    // Most columns of the event path repeat themselves.
    if (index > 0 && values[index] === values[index - 1])
      buffer.copyWithin(at, at - LENGTH_BYTES - length, at - LENGTH_BYTES);
    else write(buffer, values[index], at);
    at += length;
  }
  return buffer;
}
