import type { FileKind } from '@fenster/contracts';

export const MEDIA_STATES = ['PENDING', 'FETCHING', 'READY', 'FAILED', 'INFECTED', 'GONE'] as const;
export type MediaState = (typeof MEDIA_STATES)[number];

export const MEDIA_FAILURES = [
  'TOO_LARGE',
  'WRONG_CHECKSUM',
  'INFECTED',
  'NOT_SCANNED',
  'GONE_AT_PROVIDER',
  'UNREACHABLE',
] as const;
export type MediaFailure = (typeof MEDIA_FAILURES)[number];

/** What people may know of a file. */
export interface Media {
  workspaceId: string;
  id: string;
  kind: FileKind;
  state: MediaState;
  failure: MediaFailure | null;
  mimeType: string | null;
  sizeBytes: number | null;
  fileName: string | null;
}

/** Ties a sealed key to its file. */
export function contentKeyContext(mediaId: string): string {
  return `media:${mediaId}`;
}

/** Where a file came from, sealed: a provider's ids have phone numbers inside. */
export interface MediaSource {
  providerMediaId: string;
  providerMessageId: string;
}

export function sourceContext(mediaId: string): string {
  return `media source:${mediaId}`;
}
