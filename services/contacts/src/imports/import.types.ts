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
import { MAX_UPLOAD_BYTES } from '@fenster/jobs';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { JobType } from '../jobs/job.types.js';
import {
  DUPLICATE_RULES,
  IMPORT_FIELDS,
  IMPORT_OUTCOMES,
  type DuplicateRule,
  type ImportField,
  type ImportOutcome,
} from './import.rule.js';

const ImportFieldEnum = enumOf(IMPORT_FIELDS, {
  name: 'ContactImportField',
  description:
    'What a column means. LABELS: names of labels, divided by commas, semicolons or bars. CONSENT_GIVEN_AT (2026-11-22, or with a time) and CONSENT_REQUEST_ID, by which the form’s own log knows it, together are evidence.',
});
const DuplicateRuleEnum = enumOf(DUPLICATE_RULES, {
  name: 'ContactImportDuplicates',
  description:
    'What a row does to somebody who is known, by their number, or without one by their e-mail address. FILL adds what is missing; OVERWRITE: what the row says wins; LEAVE: nothing, they are listed as DUPLICATE. Empty cells take nothing away.',
});
const OutcomeEnum = enumOf(IMPORT_OUTCOMES, {
  name: 'ContactImportOutcome',
  description:
    'AMBIGUOUS: several contacts have this number or address, so that a person has to decide. SUPPRESSED: the person had themselves forgotten, and is not brought back. REFUSED: the row says something wrong.',
});
const EncodingEnum = enumOf(['UTF_8', 'WINDOWS_1252'] as const, { name: 'TextEncoding' });

@InputType()
export class CreateImportUploadInput {
  @Field(() => String, { description: 'For people; at most 240 characters.' })
  fileName!: string;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key makes one upload.' })
  idempotencyKey!: string;
}

@ObjectType('ContactImportUpload', { description: 'A file to be imported.' })
export class ContactImportUpload {
  @Field(() => ID)
  id!: string;

  @Field(() => String, {
    description: `Where the bytes of the file go by PUT, once, from whoever has the URL: comma-separated values of at most ${MAX_UPLOAD_BYTES} bytes, whose first row names the columns.`,
  })
  uploadUrl!: string;

  @Field(() => DateTime, { description: 'Until when an upload may begin. Files are kept for seven days.' })
  expiresAt!: Date;
}

@ObjectType('ContactImportColumn')
export class ImportColumn {
  @Field(() => String)
  name!: string;

  @Field(() => [String], { description: 'What stands there in the first rows.' })
  samples!: string[];
}

@InputType('ContactImportColumnInput')
export class ImportColumnInput {
  @Field(() => String, { description: 'Its name in the file.' })
  column!: string;

  @Field(() => ImportFieldEnum)
  field!: ImportField;

  @Field(() => String, { nullable: true, description: 'Its key, of an ATTRIBUTE.' })
  attribute?: string | null;
}

@InputType('ContactImportConsentInput')
export class ImportConsentInput {
  @Field(() => String, { description: 'The key of the purpose that the people of the file agreed to, or may have.' })
  purpose!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Of the published text that they read. Without it nothing of the file is proof.',
  })
  textHash?: string | null;
}

@InputType('StartContactImportInput')
export class StartImportInput {
  @Field(() => ID)
  uploadId!: string;

  @Field(() => Boolean, {
    description:
      'Tells what would become of each row, and changes nothing. Who is in the file twice is MERGED there, whether or not the second row says something new.',
  })
  isDryRun!: boolean;

  @Field(() => [ImportColumnInput], { description: 'Those that are taken; a number or an e-mail address among them.' })
  columns!: ImportColumnInput[];

  @Field(() => ID, { description: 'On which the people are to be reached by their numbers.' })
  channelId!: string;

  @Field(() => String, {
    nullable: true,
    description: 'ISO 3166-1 alpha-2: where numbers without a country code are at home.',
  })
  country?: string | null;

  @Field(() => DuplicateRuleEnum)
  duplicates!: DuplicateRule;

  @Field(() => [ID], { nullable: true, description: 'Labels that all of them get.' })
  labelIds?: string[] | null;

  @Field(() => ImportConsentInput, {
    nullable: true,
    description:
      'With it each number gets an entry in the consent ledger: CONFIRMED where the row has evidence, else IMPORTED_UNKNOWN. What somebody has withdrawn here no file brings back. Needs consent:record.',
  })
  consent?: ImportConsentInput | null;

  @Field(() => EncodingEnum, { defaultValue: 'UTF_8' })
  encoding!: 'UTF_8' | 'WINDOWS_1252';

  @Field(() => String, {
    nullable: true,
    description: 'Comma, semicolon, bar or tab; left out, what the first line has most of.',
  })
  delimiter?: string | null;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key starts one job.' })
  idempotencyKey!: string;
}

@ObjectType({ description: 'What became of a row, or would become of it.' })
export class ContactImportRow {
  @Field(() => Int, { description: 'From 1 for the first one under the header.' })
  row!: number;

  @Field(() => OutcomeEnum)
  outcome!: ImportOutcome;

  @Field(() => ID, { nullable: true, description: 'Whom it made or was about.' })
  contactId!: string | null;

  @Field(() => String, { nullable: true, description: 'At fault.' })
  column!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'For people: what is wrong, without a word of what stands there.',
  })
  problem!: string | null;
}

@ObjectType({ description: 'A page of rows, in their order.' })
export class ContactImportRowPage {
  @Field(() => [ContactImportRow])
  nodes!: ContactImportRow[];

  @Field(() => String, {
    nullable: true,
    description: 'Hand it back as `after` for the next page, which may be empty; null on the last one.',
  })
  nextPage!: string | null;
}
export const OutcomesArg = OutcomeEnum;
export const EncodingArg = EncodingEnum;

@ObjectType({ implements: UserError, description: 'The file cannot be read.' })
export class UnreadableFile extends UserError {}
registerUserError(UnreadableFile, 'UNREADABLE_FILE');

export const CreateImportUploadResult = resultUnion('CreateContactImportUploadResult', ContactImportUpload, [
  InvalidInput,
  NotFound,
  IdempotencyConflict,
]);
export const StartImportResult = resultUnion('StartContactImportResult', JobType, [
  InvalidInput,
  NotFound,
  UnreadableFile,
  IdempotencyConflict,
]);
