import { defineEntity, p } from '@mikro-orm/core';

const MemberSchema = defineEntity({
  name: 'Member',
  tableName: 'member',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    /** As {@link normaliseEmail} writes it; none once removed. */
    email: p.text().nullable(),
    name: p.text(),
    /** The key of a built-in role or the id of one of the workspace's; any other grants nothing. */
    role: p.text(),
    /** None before the invitation is accepted, nor once removed. */
    passwordHash: p.text().nullable(),
    invitationHash: p.blob().$type<Buffer>().nullable(),
    invitationExpiresAt: p.datetime().nullable(),
    removedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});

/** A person who works in a workspace, was invited to, or did: history keeps the names of those who left. */
export class Member extends MemberSchema.class {}
MemberSchema.setClass(Member);
