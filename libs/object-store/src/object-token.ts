import { createHmac, timingSafeEqual } from 'node:crypto';

export interface ObjectGrant {
  /** What may be done with what, such as `media download`: no other purpose is served. */
  purpose: string;
  workspaceId: string;
  id: string;
  expiresAt: Date;
}

const UUID_BYTES = 16;
const TIME_BYTES = 6;
const PAYLOAD_BYTES = 2 * UUID_BYTES + TIME_BYTES;
const MAC_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{94}$/;

/**
 * Who has it may do this one thing until then, whoever they are: it goes into URLs for `<img>` and `PUT`, where no header
 * says who asks. Whether somebody may have it is decided before it is made.
 */
export function objectToken(secretKey: Buffer, { purpose, workspaceId, id, expiresAt }: ObjectGrant): string {
  const payload = Buffer.concat([bytesOf(workspaceId), bytesOf(id), Buffer.alloc(TIME_BYTES)]);
  payload.writeUIntBE(Math.floor(expiresAt.getTime() / 1_000), 2 * UUID_BYTES, TIME_BYTES);
  return Buffer.concat([payload, macOf(secretKey, purpose, payload)]).toString('base64url');
}

/** Undefined for anything but a token of ours for this purpose whose time has not come. */
export function readObjectToken(
  secretKey: Buffer,
  purpose: string,
  token: string,
  now: Date,
): Omit<ObjectGrant, 'purpose'> | undefined {
  if (!TOKEN.test(token)) return undefined;
  const bytes = Buffer.from(token, 'base64url');
  const payload = bytes.subarray(0, PAYLOAD_BYTES);
  const mac = bytes.subarray(PAYLOAD_BYTES);
  if (mac.length !== MAC_BYTES || !timingSafeEqual(mac, macOf(secretKey, purpose, payload))) return undefined;
  const expiresAt = new Date(payload.readUIntBE(2 * UUID_BYTES, TIME_BYTES) * 1_000);
  if (now >= expiresAt) return undefined;
  return {
    workspaceId: uuidOf(payload.subarray(0, UUID_BYTES)),
    id: uuidOf(payload.subarray(UUID_BYTES, 2 * UUID_BYTES)),
    expiresAt,
  };
}

/** All who ask within a while get the same URL, so that browsers need not fetch a file again: it holds once to twice as long. */
export function stableExpiry(now: Date, minutes: number): Date {
  const span = minutes * 60_000;
  return new Date((Math.floor(now.getTime() / span) + 2) * span);
}

function macOf(secretKey: Buffer, purpose: string, payload: Buffer): Buffer {
  return createHmac('sha256', secretKey).update(`${purpose}\0`).update(payload).digest();
}

function bytesOf(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function uuidOf(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
