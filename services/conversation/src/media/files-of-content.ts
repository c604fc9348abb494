import { filesOf, type OutgoingContent, type OutgoingFile } from '@fenster/contracts';
import { DomainError } from '@fenster/runtime';
import type { ConversationContext } from '../context.js';
import { requireUploadedMedia, type UploadedMedia } from './uploaded-media.js';
import type { Violation } from '../messages/outgoing-content.rule.js';

/** By their ids the files that a message wants to bring, as far as whoever sends it uploaded them. */
export type KnownFiles = ReadonlyMap<string, UploadedMedia>;

/** Before the transaction, because it may wait for an upload that has just ended. */
export async function knownFiles(ctx: ConversationContext, content: OutgoingContent): Promise<KnownFiles> {
  const ids = [...new Set(filesOf(content).map(({ file }) => file.mediaId))];
  const known = await Promise.all(
    ids.map((id) =>
      requireUploadedMedia(ctx, id, 'mediaId').catch((error: unknown) => {
        if (error instanceof DomainError && error.code === 'NOT_FOUND') return [];
        throw error;
      }),
    ),
  );
  return new Map(known.flat().map((media) => [media.id, media]));
}

/** What is wrong with the files of the content, where it is sent on this channel. */
export function fileViolations(content: OutgoingContent, files: KnownFiles, channelId: string): Violation[] {
  return filesOf(content).flatMap(({ path, file }) => {
    const known = files.get(file.mediaId);
    if (!known) return { path: [...path, 'mediaId'], message: 'must be a file that you uploaded, and that is ready.' };
    if (known.channelId !== channelId) {
      return { path: [...path, 'mediaId'], message: 'must be uploaded for the channel of the conversation.' };
    }
    return fits(file, known)
      ? []
      : { path: [...path, 'mediaKind'], message: `must be ${kindsOf(known).join(' or ')}.` };
  });
}

const VOICE_TYPE = /^audio\/ogg\b/;

function kindsOf({ kind, mimeType }: UploadedMedia): readonly string[] {
  return kind === 'AUDIO' && VOICE_TYPE.test(mimeType) ? ['AUDIO', 'VOICE'] : [kind];
}

function fits({ mediaKind }: OutgoingFile, known: UploadedMedia): boolean {
  return kindsOf(known).includes(mediaKind);
}
