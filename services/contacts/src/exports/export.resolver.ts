import { transact } from '@fenster/database';
import { asResult, Authorized } from '@fenster/graphql';
import { announceFile, findJob, type Job } from '@fenster/jobs';
import { checkLabelIds, newId } from '@fenster/runtime';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { ContactsContext } from '../context.js';
import { contactJobs } from '../jobs/contact-jobs.js';
import { lockLabels } from '../labels/contact-label.commands.js';
import type { ExportSettings } from './export.job.js';
import { StartExportInput, StartExportResult } from './export.types.js';

@Resolver()
export class ExportResolver {
  @Authorized('contact:manage')
  @Mutation(() => StartExportResult, {
    description:
      'Writes contacts into a file: with numbers and addresses for those who may see them (contact:read_phone).',
  })
  startContactExport(@Ctx() ctx: ContactsContext, @Arg('input', () => StartExportInput) input: StartExportInput) {
    return asResult(startExport(ctx, input));
  }
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_CONFLICT */
async function startExport(ctx: ContactsContext, input: StartExportInput): Promise<Job> {
  const { format, idempotencyKey: key } = input;
  const labelIds = checkLabelIds(input.labelIds ?? [], 'labelIds');
  const { workspaceId, permissions } = ctx.requireActor();
  const settings: ExportSettings = { format, labelIds, withAddresses: permissions.includes('contact:read_phone') };
  return transact(ctx, async (tx) => {
    await lockLabels(tx, workspaceId, labelIds, 'labelIds');
    const id = await contactJobs.create(tx, {
      key,
      kind: 'CONTACT_EXPORT',
      settings,
      async resultFileId() {
        const fileId = newId();
        const day = tx.now().toISOString().slice(0, 10);
        const name = `contacts-${day}.${format.toLowerCase()}`;
        await announceFile(tx, { workspaceId, id: fileId, name });
        return fileId;
      },
    });
    const after = { format, withIdentities: settings.withAddresses };
    tx.audit({ action: 'contact_export.start', object: { type: 'contact_export', id }, after });
    tx.afterCommit(ctx.app.wakeJobs);
    return (await findJob(tx, workspaceId, id))!;
  });
}
