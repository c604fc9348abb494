import { accessibleWhere, authorize } from '@fenster/auth';
import { auditRead } from '@fenster/database';
import { asResult, Authorized, checkPageSize, decodePage, olderThan, pageOf } from '@fenster/graphql';
import { fileUrl } from '@fenster/jobs';
import { isId } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { abilityOf, type ContactsContext } from '../context.js';
import {
  answerAccessRequest,
  confirmAccessIdentity,
  extendAccessRequest,
  OPEN_STATES,
  openAccessRequest,
  refuseAccessRequest,
  renewAccessArchive,
} from './access-request.commands.js';
import { AccessRequest, type StoredFinding } from './access-request.entity.js';
import {
  AccessFinding,
  AccessRequestPage,
  AccessRequestType,
  ChangeAccessRequestResult,
  DecideAccessRequestInput,
  OpenAccessRequestInput,
  OpenAccessRequestResult,
} from './access-request.types.js';
import { isOverdue } from './deadline.rule.js';

@Resolver(() => AccessRequestType)
export class AccessRequestResolver {
  @Authorized('access_request:manage')
  @Query(() => AccessRequestType)
  async accessRequest(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string): Promise<AccessRequest> {
    const request = isId(id) ? await ctx.em.findOne(AccessRequest, { id }) : null;
    authorize(abilityOf(ctx), 'read', 'AccessRequest', request);
    return request;
  }

  @Authorized('access_request:manage')
  @Query(() => AccessRequestPage)
  async accessRequests(
    @Ctx() ctx: ContactsContext,
    @Arg('onlyOpen', () => Boolean, { defaultValue: false, description: 'Those that wait for an answer.' })
    onlyOpen: boolean,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ) {
    const size = checkPageSize(first);
    const position = after == null ? undefined : decodePage(after, 'after');
    const rows = await ctx.em.find(
      AccessRequest,
      {
        $and: [
          accessibleWhere(abilityOf(ctx), 'read', 'AccessRequest'),
          onlyOpen ? { state: { $in: [...OPEN_STATES] } } : {},
          olderThan('openedAt', position),
        ],
      },
      { orderBy: { openedAt: 'desc', id: 'desc' }, limit: size + 1 },
    );
    return pageOf(rows, size, ({ openedAt: at, id }) => ({ at, id }));
  }

  @Authorized('access_request:manage')
  @Mutation(() => OpenAccessRequestResult, {
    description:
      'Notes that a person wants a copy of the data about them, and asks them over their own number whether it is them.',
  })
  openAccessRequest(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => OpenAccessRequestInput) input: OpenAccessRequestInput,
  ) {
    return asResult(openAccessRequest(ctx, input));
  }

  @Authorized('access_request:manage')
  @Mutation(() => ChangeAccessRequestResult, {
    description: 'You have seen by other means that the person is who they say: collecting begins.',
  })
  confirmAccessIdentity(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => DecideAccessRequestInput) { id, reason }: DecideAccessRequestInput,
  ) {
    return asResult(confirmAccessIdentity(ctx, id, reason));
  }

  @Authorized('access_request:manage')
  @Mutation(() => ChangeAccessRequestResult, {
    description:
      'Two months more (Art. 12(3) GDPR), once, within the first month. Tell the person why, before that month is over.',
  })
  extendAccessRequest(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => DecideAccessRequestInput) { id, reason }: DecideAccessRequestInput,
  ) {
    return asResult(extendAccessRequest(ctx, id, reason));
  }

  @Authorized('access_request:manage')
  @Mutation(() => ChangeAccessRequestResult, {
    description:
      'Nobody gets a copy (Art. 12(5), (6) GDPR); what was collected is destroyed. Tell the person why, and that they may complain.',
  })
  refuseAccessRequest(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => DecideAccessRequestInput) { id, reason }: DecideAccessRequestInput,
  ) {
    return asResult(refuseAccessRequest(ctx, id, reason));
  }

  @Authorized('access_request:manage')
  @Mutation(() => ChangeAccessRequestResult, { description: 'The person has got the copy: the deadline is kept.' })
  answerAccessRequest(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(answerAccessRequest(ctx, id));
  }

  @Authorized('access_request:manage')
  @Mutation(() => ChangeAccessRequestResult, {
    description: 'Makes the archive anew, with what there is now: because it has expired, for example.',
  })
  renewAccessArchive(@Ctx() ctx: ContactsContext, @Arg('id', () => ID) id: string) {
    return asResult(renewAccessArchive(ctx, id));
  }

  @FieldResolver(() => Boolean, { description: 'The time for an answer is over, or was when it was given.' })
  isOverdue(@Root() request: AccessRequest, @Ctx() ctx: ContactsContext): boolean {
    return isOverdue(request, ctx.now());
  }

  @FieldResolver(() => [AccessFinding], {
    description: 'What is in the archive. Nothing until all services have told it.',
  })
  found(@Root() { storedFindings }: AccessRequest): StoredFinding[] {
    return storedFindings ?? [];
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'Where whoever has the URL can fetch the archive until `archiveExpiresAt`: hand it to the person in a way that nobody else reads. Who asked for it is in the audit log.',
  })
  archiveUrl(@Root() request: AccessRequest, @Ctx() ctx: ContactsContext): string | null {
    const { workspaceId, fileId, archiveExpiresAt, contactId } = request;
    if (!fileId || !archiveExpiresAt || archiveExpiresAt <= ctx.now()) return null;
    auditRead(ctx, 'contact.access_download', contactId);
    return fileUrl(ctx.app, 'file download', { workspaceId, id: fileId }, archiveExpiresAt);
  }
}
