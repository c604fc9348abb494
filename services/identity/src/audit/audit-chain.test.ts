import type { AuditEntryRecorded, Envelope } from '@fenster/contracts';
import { NO_HEAD, type ChainHead } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { auditChain, type ChainedEntry } from './audit-chain.js';

const workspaceId = newId();

function event(data: Partial<AuditEntryRecorded> = {}): Envelope<AuditEntryRecorded> {
  return {
    id: newId(),
    name: 'identity.audit_entry.recorded',
    version: 1,
    workspaceId,
    seq: 1,
    entityId: newId(),
    occurredAt: '2026-11-22T10:00:00.123Z',
    recordedAt: '2026-11-22T10:00:01.000Z',
    actor: { kind: 'member', id: newId() },
    correlationId: 'test',
    dataClass: 'audit',
    data: { action: 'member.role_change', objectType: 'member', objectIds: [newId()], ...data },
  };
}

/** The first broken link of a whole log. */
function verify(entries: readonly ChainedEntry[]) {
  let last: ChainHead = NO_HEAD;
  for (const entry of entries) {
    const broken = auditChain.brokenLink(last, entry);
    if (broken) return broken;
    last = entry;
  }
  return undefined;
}

describe('a chain', () => {
  it('is the same, whether it grew entry by entry or all at once', () => {
    const events = [event(), event(), event()];
    const atOnce = auditChain.extend(NO_HEAD, events);
    const oneByOne = events.reduce<ChainedEntry[]>(
      (chain, each) => [...chain, ...auditChain.extend(chain.at(-1) ?? NO_HEAD, [each])],
      [],
    );
    expect(atOnce).toEqual(oneByOne);
    expect(atOnce.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(verify(atOnce)).toBeUndefined();
  });

  it('has the hash that anybody can reckon from the description', () => {
    const fixed: ChainedEntry = {
      ...auditChain.extend(NO_HEAD, [event({ changes: { role: { before: 'agent', after: 'admin' } } })])[0]!,
      workspaceId: '019d0000-0000-7000-8000-000000000001',
      id: '019d0000-0000-7000-8000-000000000002',
      actorId: '019d0000-0000-7000-8000-000000000003',
      objectIds: ['019d0000-0000-7000-8000-000000000004'],
    };
    // Reckoned with Python: sha256(json.dumps(entry, sort_keys=True, separators=(',', ':')) + 32 zero bytes).
    expect(auditChain.hash(fixed, NO_HEAD.hash).toString('hex')).toBe(
      '37114abaf8c75eec84ec9deb7860fe13d61af1425a84746d77bcd2f3c9c602b3',
    );
  });

  it('shows every change of every field of an entry', () => {
    const entries = auditChain.extend(
      NO_HEAD,
      Array.from({ length: 5 }, (_, index) =>
        event({
          changes: { name: { before: null, after: `${index}` } },
          sessionId: newId(),
          clientAddress: '::1',
          userAgent: 'x',
        }),
      ),
    );
    const fields = Object.keys(entries[0]!).filter((field) => !['hash', 'previousHash'].includes(field));
    expect(fields).toHaveLength(16);
    for (const [index, entry] of entries.entries()) {
      for (const field of fields) {
        const value = entry[field as keyof ChainedEntry] instanceof Date ? new Date(0) : 'another';
        expect(verify(entries.with(index, { ...entry, [field]: value }))).toEqual({
          seq: index + 1,
          check: field === 'seq' ? 'gap' : 'hash',
        });
      }
    }
  });
});
