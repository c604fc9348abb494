import { Authorized } from '@fenster/graphql';
import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { ConversationContext } from '../context.js';
import { MAX_ENTRIES, writeTranscript } from './transcript.queries.js';
import { TranscriptFormatEnum, TranscriptPart, type TranscriptFormat } from './transcript.types.js';

@Resolver()
export class TranscriptResolver {
  @Authorized('conversation:read', 'message:read')
  @Query(() => TranscriptPart, {
    description: `A conversation as a document, in parts of ${MAX_ENTRIES} entries. The audit log names who exported it.`,
  })
  conversationTranscript(
    @Ctx() ctx: ConversationContext,
    @Arg('conversationId', () => ID) conversationId: string,
    @Arg('format', () => TranscriptFormatEnum) format: TranscriptFormat,
    @Arg('timeZone', () => String, { defaultValue: 'UTC', description: 'IANA, such as Europe/Berlin.' })
    timeZone: string,
    @Arg('withNotes', () => Boolean, { defaultValue: false, description: 'What colleagues wrote to each other, too.' })
    withNotes: boolean,
    @Arg('after', () => String, { nullable: true, description: '`nextPart` of the part before.' })
    after?: string | null,
  ): Promise<TranscriptPart> {
    return writeTranscript(ctx, { conversationId, format, timeZone, withNotes, after });
  }
}
