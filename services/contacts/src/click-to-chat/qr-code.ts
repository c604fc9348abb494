import { encode } from 'fast-png';
import encodeQR from 'qr';

/** Of white around it, in modules: readers need so much (ISO/IEC 18004). */
const BORDER = 4;
/** A module is at least so many dots wide that a poster shows no blur. */
const PNG_WIDTH = 1_000;

/** Read even if a seventh of it is dirty. */
const OPTIONS = { ecc: 'medium', border: BORDER } as const;

export function qrSvg(content: string): string {
  return encodeQR(content, 'svg', OPTIONS);
}

export function qrPng(content: string): Buffer {
  const modules = encodeQR(content, 'raw', OPTIONS);
  const scale = Math.ceil(PNG_WIDTH / modules.length);
  const width = modules.length * scale;
  const data = new Uint8Array(width * width);
  for (let y = 0; y < width; y += 1) {
    const row = modules[Math.floor(y / scale)]!;
    for (let x = 0; x < width; x += 1) data[y * width + x] = row[Math.floor(x / scale)] ? 0 : 255;
  }
  return Buffer.from(encode({ width, height: width, data, channels: 1 }));
}
