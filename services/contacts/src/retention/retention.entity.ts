import type { ActorRef, RetainingService, RetentionClass, RetentionCount, RetentionOutcome } from '@fenster/contracts';
import { defineEntity, p } from '@mikro-orm/core';
import type { Cutoff } from './retention-rule.rule.js';

const RetentionRuleSchema = defineEntity({
  name: 'RetentionRule',
  tableName: 'retention_rule',
  properties: {
    workspaceId: p.uuid().primary(),
    retentionClass: p.text().$type<RetentionClass>().primary(),
    months: p.integer(),
    setAt: p.datetime(),
    setByKind: p.text().$type<ActorRef['kind']>(),
    setById: p.text().nullable(),
  },
});

/** How long a workspace keeps data of a class after the last activity. Without one it keeps them. */
export class RetentionRule extends RetentionRuleSchema.class {}
RetentionRuleSchema.setClass(RetentionRule);

const RetentionPauseSchema = defineEntity({
  name: 'RetentionPause',
  tableName: 'retention_pause',
  properties: {
    workspaceId: p.uuid().primary(),
    reason: p.text(),
    pausedAt: p.datetime(),
    pausedByKind: p.text().$type<ActorRef['kind']>(),
    pausedById: p.text().nullable(),
  },
});

/** The kill switch of a workspace: while there is one, nothing is removed. */
export class RetentionPause extends RetentionPauseSchema.class {}
RetentionPauseSchema.setClass(RetentionPause);

export const RETENTION_RUN_STATES = ['RUNNING', 'STOPPING', 'STOPPED', 'COMPLETED'] as const;
export type RetentionRunState = (typeof RETENTION_RUN_STATES)[number];

const RetentionRunSchema = defineEntity({
  name: 'RetentionRun',
  tableName: 'retention_run',
  properties: {
    id: p.uuid().primary(),
    workspaceId: p.uuid(),
    isDryRun: p.boolean(),
    state: p.text().$type<RetentionRunState>(),
    /** As they were when it began. */
    rules: p.json<Cutoff[]>(),
    heldIds: p.integer(),
    startedAt: p.datetime(),
    startedByKind: p.text().$type<ActorRef['kind']>(),
    startedById: p.text().nullable(),
    endedAt: p.datetime().nullable(),
    /** SHA-256 of what all services reported; it is in the audit log as well. */
    digest: p.text().nullable(),
  },
});

/** That services removed what the rules let go, or counted it. */
export class RetentionRun extends RetentionRunSchema.class {}
RetentionRunSchema.setClass(RetentionRun);

export interface StoredRetentionReport {
  service: RetainingService;
  outcome: RetentionOutcome;
  counts: RetentionCount[];
}
