import {
  DateTime,
  enumOf,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { MemberReference } from '../consent/consent.types.js';
import { ContactType } from '../contacts/contact.types.js';
import { MERGE_CHOICES, type MergeChoice } from './merge.rule.js';

/** How long it is remembered what two contacts were before they were made one. */
export const UNDO_DAYS = 90;

export const MergeChoiceEnum = enumOf(MERGE_CHOICES, {
  name: 'MergeChoice',
  description: 'Whose is taken: KEPT is the contact that stays, MERGED the one that becomes part of it.',
});

@ObjectType({ description: 'Both have it, and not the same: nobody but a person decides which one stays.' })
export class MergeConflict {
  @Field(() => String, { description: 'name, email, address, language, attributes.<key>.' })
  field!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Of the contact that stays; an address as JSON. E-mail and postal address are null if you may not see them.',
  })
  kept!: string | null;

  @Field(() => String, { nullable: true, description: 'Of the other one.' })
  merged!: string | null;
}

@ObjectType({
  description:
    'What a merge would do. `kept.consents` and `merged.consents` show what each has agreed to: a merge changes nothing of that, every address keeps its own consent. Labels, notes, files, identities and conversations of both are joined.',
})
export class ContactMergePreview {
  @Field(() => ContactType, { description: 'The one that stays.' })
  kept!: ContactType;

  @Field(() => ContactType, { description: 'The one that becomes part of it.' })
  merged!: ContactType;

  @Field(() => [MergeConflict])
  conflicts!: MergeConflict[];

  @Field(() => Boolean, {
    description:
      'A legal hold is in force for one of them: it goes with the contact, and holds the whole from then on.',
  })
  isHeld!: boolean;

  @Field(() => String, { description: 'Of what is shown here; hand it to `mergeContacts`.' })
  version!: string;
}

@ObjectType({ description: 'That two contacts were made one.' })
export class ContactMerge {
  @Field(() => ID)
  id!: string;

  @Field(() => ID, { description: 'What the contact that became part was known by, and is still found by.' })
  mergedId!: string;

  @Field(() => DateTime)
  mergedAt!: Date;

  @Field(() => MemberReference, { nullable: true, description: 'Null if a program did it.' })
  mergedBy!: MemberReference | null;

  @Field(() => DateTime, { nullable: true })
  undoneAt!: Date | null;

  @Field(() => Boolean, {
    description: `Whether \`undoContactMerge\` can give both back: for ${UNDO_DAYS} days, and later merges of the contact first.`,
  })
  isUndoable!: boolean;
}

@InputType()
export class MergeDecisionInput {
  @Field(() => String, { description: 'As the preview names the conflict.' })
  field!: string;

  @Field(() => MergeChoiceEnum)
  choice!: MergeChoice;
}

@InputType()
export class MergeContactsInput {
  @Field(() => ID, { description: 'The one that stays.' })
  keptId!: string;

  @Field(() => ID, { description: 'The one that becomes part of it.' })
  mergedId!: string;

  @Field(() => [MergeDecisionInput], { defaultValue: [], description: 'One for each conflict.' })
  decisions!: MergeDecisionInput[];

  @Field(() => String, { description: 'Of the preview that you decided by.' })
  version!: string;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key merges once.' })
  idempotencyKey!: string;
}

@ObjectType()
export class ContactsMerged {
  @Field(() => ContactType)
  contact!: ContactType;

  @Field(() => ID, { description: 'By which it is undone.' })
  mergeId!: string;
}

@ObjectType()
export class ContactsSeparated {
  @Field(() => ContactType, { description: 'The one that had stayed.' })
  kept!: ContactType;

  @Field(() => ContactType, { description: 'The one that had become part of it: under its own id again.' })
  merged!: ContactType;
}

@ObjectType({ implements: UserError, description: 'There are conflicts that nobody has decided.' })
export class MergeUndecided extends UserError {
  @Field(() => [String])
  fields!: string[];
}
registerUserError(MergeUndecided, 'MERGE_UNDECIDED');

@ObjectType({ implements: UserError, description: 'One of the two is not as it was shown. Look at the preview again.' })
export class MergePreviewStale extends UserError {}
registerUserError(MergePreviewStale, 'MERGE_PREVIEW_STALE');

@ObjectType({
  implements: UserError,
  description: 'It was undone, is too long ago, or a later merge of the contact has to be undone first.',
})
export class MergeNotUndoable extends UserError {}
registerUserError(MergeNotUndoable, 'MERGE_NOT_UNDOABLE');

@ObjectType({ implements: UserError, description: 'The person is being erased.' })
export class ContactBeingErased extends UserError {}
registerUserError(ContactBeingErased, 'CONTACT_BEING_ERASED');

@ObjectType({
  implements: UserError,
  description:
    'A request of the person for a copy of their data is open: what they get must be of who proved to be them.',
})
export class ContactAskedForData extends UserError {}
registerUserError(ContactAskedForData, 'CONTACT_ASKED_FOR_DATA');

export const MergeContactsResult = resultUnion('MergeContactsResult', ContactsMerged, [
  InvalidInput,
  NotFound,
  MergeUndecided,
  MergePreviewStale,
  ContactBeingErased,
  ContactAskedForData,
  IdempotencyConflict,
]);
export const UndoContactMergeResult = resultUnion('UndoContactMergeResult', ContactsSeparated, [
  NotFound,
  MergeNotUndoable,
  ContactBeingErased,
  ContactAskedForData,
]);
