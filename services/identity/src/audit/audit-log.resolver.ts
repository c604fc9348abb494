import { Authorized } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { IdentityContext } from '../context.js';
import type { Member } from '../members/member.entity.js';
import { membersById } from '../members/member.resolver.js';
import { MemberType } from '../members/member.types.js';
import type { AuditEntry } from './audit-entry.entity.js';
import { readAuditLog } from './audit-log.queries.js';
import { AuditChange, AuditEntryType, AuditLogFilter, AuditLogPage } from './audit-log.types.js';

@Resolver(() => AuditEntryType)
export class AuditLogResolver {
  @Authorized('audit:read')
  @Query(() => AuditLogPage, {
    description: 'Who did what in your workspace, and who was shown whose data, the newest first.',
  })
  auditLog(
    @Ctx() ctx: IdentityContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'At most 100.' }) first: number,
    @Arg('filter', () => AuditLogFilter, { nullable: true }) filter?: AuditLogFilter | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): ReturnType<typeof readAuditLog> {
    return readAuditLog(ctx, { filter, first, after });
  }

  @FieldResolver(() => MemberType, { nullable: true, description: 'Null if it was no member.' })
  actor(@Root() entry: AuditEntry, @Ctx() ctx: IdentityContext): Promise<Member | undefined> | null {
    return entry.actorKind === 'member' && entry.actorId ? ctx.loader(membersById).load(entry.actorId) : null;
  }

  @FieldResolver(() => [AuditChange], { description: 'The settings that were changed, by name.' })
  changes(@Root() entry: AuditEntry): AuditChange[] {
    const names = Object.keys(entry.changes ?? {}).toSorted();
    return names.map((setting) => {
      const { before, after } = entry.changes![setting]!;
      return { setting, before: JSON.stringify(before), after: JSON.stringify(after) };
    });
  }

  @FieldResolver(() => String, { description: 'SHA-256 over this entry and the hash of the one before it, in hex.' })
  hash(@Root() entry: AuditEntry): string {
    return entry.hash.toString('hex');
  }
}
