import { ContentRefusedError, ScannerError, type Kept } from '@fenster/object-store';
import type { FetchedMedia } from '../providers/provider.js';
import type { FetchStep } from './fetch-media.commands.js';

export type FetchOutcome =
  | { kind: 'kept'; kept: Kept; mimeType: string | undefined }
  | Exclude<FetchedMedia, { kind: 'content' }>
  /** Whatever was thrown on the way from the provider into the store. */
  | { kind: 'broken'; error: unknown };

export interface FetchAttempt {
  /** 1 for the first. */
  number: number;
  /** When the provider forgets the file. */
  expiresAt: Date;
  now: Date;
}

const SECOND = 1_000;
const FIRST_PAUSE = 5 * SECOND;
const LONGEST_PAUSE = 3_600 * SECOND;
/** A file that a webhook names may be missing for a moment, and an error on the way may spoil one. */
const MAX_DOUBTS = 5;

/** The rules of repetition: as long as the provider may have it. */
export function afterFetch(outcome: FetchOutcome, { number, expiresAt, now }: FetchAttempt): FetchStep {
  const again = (failure: Extract<FetchStep, { kind: 'ended' }>['failure'], retryAfterMs = 0): FetchStep => {
    const pause = Math.max(retryAfterMs, Math.min(FIRST_PAUSE * 2 ** (number - 1), LONGEST_PAUSE));
    const at = new Date(now.getTime() + pause);
    if (at < expiresAt) return { kind: 'retry', at };
    // What could be had could still not be looked at: it did not go anywhere.
    return { kind: 'ended', state: failure === 'NOT_SCANNED' ? 'FAILED' : 'GONE', failure };
  };
  switch (outcome.kind) {
    case 'kept':
      return { kind: 'ready', kept: outcome.kept, mimeType: outcome.mimeType };
    case 'gone':
      return number < MAX_DOUBTS
        ? again('GONE_AT_PROVIDER')
        : { kind: 'ended', state: 'GONE', failure: 'GONE_AT_PROVIDER' };
    case 'failed':
      return again('UNREACHABLE', outcome.retryAfterMs);
    case 'broken': {
      const { error } = outcome;
      if (error instanceof ScannerError) return again('NOT_SCANNED');
      if (!(error instanceof ContentRefusedError)) return again('UNREACHABLE');
      if (error.refusal === 'INFECTED') return { kind: 'ended', state: 'INFECTED', failure: 'INFECTED' };
      if (error.refusal === 'TOO_LARGE') return { kind: 'ended', state: 'FAILED', failure: 'TOO_LARGE' };
      return number < MAX_DOUBTS
        ? again('WRONG_CHECKSUM')
        : { kind: 'ended', state: 'FAILED', failure: 'WRONG_CHECKSUM' };
    }
  }
}
