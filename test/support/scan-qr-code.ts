import { decode } from 'fast-png';
import decodeQR from 'qr/decode.js';

/** What a camera reads from an image of a QR code, a PNG in shades of grey. */
export function scanQrCode(png: Buffer): string {
  const { width, height, data } = decode(png);
  const pixels = new Uint8Array(width * height * 4);
  for (const [index, grey] of data.entries()) pixels.set([grey, grey, grey, 255], index * 4);
  return decodeQR({ width, height, data: pixels });
}
