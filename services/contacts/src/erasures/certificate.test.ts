import { renderHtml } from '@fenster/documents';
import { describe, expect, it } from 'vitest';
import { certificateDocument, certificateToken, isCertificateToken, type Certificate } from './certificate.js';

const KEY = Buffer.alloc(32, 3);
const certificate: Certificate = {
  erasureId: '019aa5e0-7c1e-7cc3-98c4-dc0c0c07398f',
  reference: 'K7QM-2XWE',
  issuer: 'Muster GmbH, Ring 1, 10115 Berlin',
  confirmedAt: '2026-11-22T12:00:00.000Z',
  completedAt: '2026-11-22T12:00:09.000Z',
  backupsExpireAt: '2026-12-22T12:00:09.000Z',
  services: [
    { service: 'conversation', erased: [{ what: 'messages', count: 412 }], kept: [] },
    {
      service: 'billing',
      erased: [],
      kept: [{ what: 'charges', count: 97, ground: 'ACCOUNTING', until: new Date('2035-01-01T00:00:00Z') }],
    },
  ],
};

describe('the certificate of an erasure', () => {
  it.each([
    ['de', ['Löschung', 'Nachrichten', '412', '97', '§ 147 AO', '22. Dezember 2026', '1. Januar 2035', 'K7QM-2XWE']],
    ['en', ['erasure', 'Messages', '412', '97', '§ 147 AO', '22 December 2026', '1 January 2035', 'K7QM-2XWE']],
  ] as const)('says what is gone, what stays on which ground, and when backups expire (%s)', (language, words) => {
    const page = renderHtml(certificateDocument(certificate, 'jws', 'https://keys.example', language));
    for (const word of words) expect(page).toContain(word);
    expect(page).not.toMatch(/undefined|ACCOUNTING/);
  });

  it('is seen by whoever has its address, which nobody can make up', () => {
    const { erasureId } = certificate;
    expect(isCertificateToken(KEY, erasureId, certificateToken(KEY, erasureId))).toBe(true);
    expect(isCertificateToken(KEY, erasureId, certificateToken(Buffer.alloc(32, 4), erasureId))).toBe(false);
    expect(isCertificateToken(KEY, erasureId, '')).toBe(false);
  });
});
