/** Looks into content while it passes by. */
export interface Scanner {
  /** @throws ScannerError if there is nobody to look. */
  open(): Promise<Scan>;
}

export interface Scan {
  write(bytes: Buffer): Promise<void>;
  /** The verdict on all that was written. @throws ScannerError if there is none. */
  end(): Promise<'clean' | 'infected'>;
  /** Forgets it. After `end` too, and more than once. */
  close(): void;
}

export class ScannerError extends Error {
  override readonly name = 'ScannerError';
}
