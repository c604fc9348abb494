import { defineEntity, p } from '@mikro-orm/core';

const MemberSchema = defineEntity({
  name: 'Member',
  tableName: 'member',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    /** As {@link normaliseEmail} writes it. */
    email: p.text(),
    name: p.text(),
    /** A built-in role; one that this version does not know grants nothing. */
    role: p.text(),
    passwordHash: p.text(),
    createdAt: p.datetime(),
  },
});

/** A person who works in a workspace. */
export class Member extends MemberSchema.class {}
MemberSchema.setClass(Member);
