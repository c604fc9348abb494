import { BUILT_IN_PURPOSES, consentIdentityKind, type PurposeKind } from '@fenster/contracts';
import { array, sql, type RawBuilder } from '@fenster/database';

/** Why nothing can be sent to somebody for a purpose. The first that holds. */
export const UNREACHABLE = [
  'NO_ADDRESS',
  'PLATFORM_STOPPED',
  'OPTED_OUT',
  'CONSENT_REQUESTED',
  'CONSENT_MISSING',
] as const;
export type Unreachable = (typeof UNREACHABLE)[number];

export interface ReachOptions {
  workspaceId: string;
  /** From where it is sent: addresses are those of a channel, as is consent. */
  channelId: string;
  purpose: { key: string; kind: PurposeKind };
}

/** Messages go to the phone number where there is one, of several to the newest: as an order of rows of contact_identity. */
const KINDS = array('text', consentIdentityKind.options);
export const ADDRESSES = sql`valid_to is null and kind = any(${KINDS})`;
export const ADDRESS_FIRST = sql`array_position(${KINDS}, kind), valid_from desc, id desc`;

/**
 * What something for a purpose needs: no purpose of a workspace's own allows what that of every workspace does not. So asks
 * the send gate, which sees what a template is: MARKETING needs both consents, UTILITY that nobody objects to either.
 */
export function neededPurposes({ key, kind }: ReachOptions['purpose']): readonly string[] {
  const builtIn = Object.entries(BUILT_IN_PURPOSES).find(([, each]) => each === kind)![0];
  return [...new Set([builtIn, key])];
}

/**
 * By the same rules as the send gate (consent-gate.rule.ts in conversation), for whole segments: with the consent of the very
 * address that it goes to; whoever says no by any of their present names means it. As joins behind `from contact`, and an
 * expression: why nothing can be sent, or null.
 */
export function reachOf({ workspaceId, channelId, purpose }: ReachOptions): {
  joins: RawBuilder<unknown>;
  refusal: RawBuilder<Unreachable | null>;
} {
  const purposes = neededPurposes(purpose);
  const asked = sql`consent.workspace_id = ${workspaceId} and consent.channel_id = ${channelId}
    and consent.purpose = any(${array('text', purposes)})`;
  const joins = sql`
    left join (
      select distinct on (contact_id) contact_id, id, country from contact_identity
      where workspace_id = ${workspaceId} and channel_id = ${channelId} and ${ADDRESSES}
      order by contact_id, ${ADDRESS_FIRST}
    ) address on address.contact_id = contact.id
    left join (
      select identity.contact_id, bool_or(consent.state = 'PLATFORM_STOPPED') as is_stopped,
        bool_or(consent.state in ('WITHDRAWN', 'REFUSED')) as is_refused
      from consent_state consent
      join contact_identity identity on identity.workspace_id = consent.workspace_id
        and identity.id = consent.identity_id and identity.valid_to is null
      where ${asked}
      group by identity.contact_id
    ) said on said.contact_id = contact.id
    left join (
      select consent.identity_id, count(*) filter (where consent.is_granted) as granted,
        count(*) filter (where consent.is_granted or consent.state = 'REQUESTED') as requested
      from consent_state consent where ${asked} group by consent.identity_id
    ) consent on consent.identity_id = address.id
  `;
  const objected = sql`when said.is_stopped then 'PLATFORM_STOPPED' when said.is_refused then 'OPTED_OUT'`;
  const unasked = sql`when consent.granted = ${purposes.length} then null
    when consent.requested = ${purposes.length} then 'CONSENT_REQUESTED' else 'CONSENT_MISSING'`;
  const { kind } = purpose;
  const refusal = sql<Unreachable | null>`case when address.id is null then 'NO_ADDRESS'
    ${kind === 'SERVICE' ? sql`` : objected} ${kind === 'MARKETING' ? unasked : sql``} end`;
  return { joins, refusal };
}
