import { DateTime, enumOf } from '@fenster/graphql';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ConversationType } from '../conversations/conversation.types.js';
import { MessageObject } from '../messages/message.types.js';
import { NoteObject } from '../notes/note.types.js';
import { SEARCH_KINDS, type SearchKind } from './index-words.js';

const SearchKindEnum = enumOf(SEARCH_KINDS, {
  name: 'SearchKind',
  description: 'What was found; CONTACT is the name of a contact.',
});

@InputType()
export class SearchFilter {
  @Field(() => [SearchKindEnum], { nullable: true })
  kinds?: SearchKind[] | null;

  @Field(() => [ID], { nullable: true, description: 'At most 100.' })
  channelIds?: string[] | null;

  @Field(() => ID, { nullable: true, description: 'Only in this conversation.' })
  conversationId?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Not before; of a name, when its conversation was opened.' })
  from?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Before.' })
  to?: Date | null;
}

@ObjectType({ description: 'A part of a text, in UTF-16 units, as JavaScript counts them.' })
export class TextRange {
  @Field(() => Int)
  start!: number;

  @Field(() => Int)
  length!: number;
}

@ObjectType({ description: 'Something that was found.' })
export class SearchHit {
  @Field(() => SearchKindEnum)
  kind!: SearchKind;

  @Field(() => ConversationType)
  conversation!: ConversationType;

  @Field(() => MessageObject, { nullable: true, description: 'If a message was found.' })
  message!: MessageObject | null;

  @Field(() => NoteObject, { nullable: true, description: 'If a note was found.' })
  note!: NoteObject | null;

  @Field(() => String, { description: 'What stands around the first match. Plain text: escape it like any other.' })
  snippet!: string;

  @Field(() => [TextRange], { description: 'In `snippet`, what was looked for.' })
  highlights!: TextRange[];

  @Field(() => DateTime)
  occurredAt!: Date;
}

@ObjectType({ description: 'What was found, the latest first.' })
export class SearchPage {
  @Field(() => [SearchHit])
  nodes!: SearchHit[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page; null on the last one.',
  })
  nextPage!: string | null;
}
