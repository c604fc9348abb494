import { asResult, Authorized } from '@fenster/graphql';
import type { Job } from '@fenster/jobs';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { ContactsContext } from '../context.js';
import { JobType } from '../jobs/job.types.js';
import { createImportUpload, readColumns, startImport } from './import.commands.js';
import { listRows } from './import.queries.js';
import type { ImportOutcome } from './import.rule.js';
import {
  ContactImportRowPage,
  CreateImportUploadInput,
  CreateImportUploadResult,
  EncodingArg,
  ImportColumn,
  OutcomesArg,
  StartImportInput,
  StartImportResult,
} from './import.types.js';

@Resolver()
export class ImportResolver {
  @Authorized('contact:manage')
  @Query(() => [ImportColumn], { description: 'Of a file that has come: its columns, to say what they mean.' })
  contactImportColumns(
    @Ctx() ctx: ContactsContext,
    @Arg('uploadId', () => ID) uploadId: string,
    @Arg('encoding', () => EncodingArg, { defaultValue: 'UTF_8' }) encoding: 'UTF_8' | 'WINDOWS_1252',
  ): Promise<ImportColumn[]> {
    return readColumns(ctx, uploadId, { encoding: encoding === 'WINDOWS_1252' ? 'windows-1252' : 'utf-8' });
  }

  @Authorized('contact:manage')
  @Mutation(() => CreateImportUploadResult, { description: 'First step of an import: says where the file goes.' })
  createContactImportUpload(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => CreateImportUploadInput) input: CreateImportUploadInput,
  ) {
    return asResult(createImportUpload(ctx, input));
  }

  @Authorized('contact:manage')
  @Mutation(() => StartImportResult, {
    description:
      'Imports a file that has come, or says what would become of its rows: follow the job, cancel it at any time.',
  })
  startContactImport(@Ctx() ctx: ContactsContext, @Arg('input', () => StartImportInput) input: StartImportInput) {
    return asResult(startImport(ctx, input));
  }
}

@Resolver(() => JobType)
export class JobImportRowsResolver {
  @FieldResolver(() => ContactImportRowPage, {
    nullable: true,
    description: 'Of an import or its dry run, what became of each row so far.',
  })
  rows(
    @Root() job: Job,
    @Ctx() ctx: ContactsContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('outcomes', () => [OutcomesArg], { nullable: true, description: 'Only rows that came to this.' })
    outcomes?: ImportOutcome[] | null,
  ): ReturnType<typeof listRows> | null {
    return job.kind === 'CONTACT_EXPORT' ? null : listRows(ctx, job, { first, after, outcomes });
  }
}
