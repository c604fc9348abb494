import { DateTime, InvalidInput, resultUnion } from '@fenster/graphql';
import { Field, Int, ObjectType } from 'type-graphql';
import { NoteObject } from './note.types.js';

@ObjectType('Mention', { description: 'A note names you.' })
export class MentionType {
  @Field(() => NoteObject)
  note!: NoteObject;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When you marked it as read.' })
  readAt?: Date | null;
}

@ObjectType({ description: 'Notes that mention you, the latest first.' })
export class MentionPage {
  @Field(() => [MentionType])
  nodes!: MentionType[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}

@ObjectType()
export class MentionsMarked {
  @Field(() => Int, { description: 'Of your mentions, those that are not read yet.' })
  unreadMentions!: number;
}

export const MarkMentionsReadResult = resultUnion('MarkMentionsReadResult', MentionsMarked, [InvalidInput]);
