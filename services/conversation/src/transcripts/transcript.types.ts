import { enumOf } from '@fenster/graphql';
import { Field, ObjectType } from 'type-graphql';

export const TRANSCRIPT_FORMATS = ['JSON', 'TEXT'] as const;
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];
export const TranscriptFormatEnum = enumOf(TRANSCRIPT_FORMATS, { name: 'TranscriptFormat' });

@ObjectType({ description: 'A conversation as a document to keep or to hand on.' })
export class TranscriptPart {
  @Field(() => String, {
    description:
      'TEXT: the parts one after the other are the whole. JSON: each part is a document with `entries` of its own.',
  })
  content!: string;

  @Field(() => String)
  mediaType!: string;

  @Field(() => String)
  fileName!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next part; null on the last one.',
  })
  nextPart!: string | null;
}
