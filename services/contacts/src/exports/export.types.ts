import { enumOf, IdempotencyConflict, InvalidInput, NotFound, resultUnion } from '@fenster/graphql';
import { Field, ID, InputType } from 'type-graphql';
import { JobType } from '../jobs/job.types.js';

const FormatEnum = enumOf(['CSV', 'JSON'] as const, { name: 'ContactExportFormat' });

@InputType('StartContactExportInput')
export class StartExportInput {
  @Field(() => FormatEnum, {
    description: 'CSV: cells that a spreadsheet would run begin with an apostrophe, which an import takes away again.',
  })
  format!: 'CSV' | 'JSON';

  @Field(() => [ID], { nullable: true, description: 'Only contacts with one of these labels; left out, all.' })
  labelIds?: string[] | null;

  @Field(() => String, { description: 'Of your choice, 1 to 200 characters: the same key starts one job.' })
  idempotencyKey!: string;
}

export const StartExportResult = resultUnion('StartContactExportResult', JobType, [
  InvalidInput,
  NotFound,
  IdempotencyConflict,
]);
