import { describe, expect, it } from 'vitest';
import { privacyNoticeText, withPrivacyNotice } from './privacy-notice.rule.js';

const URL = 'https://muster.example/datenschutz';

describe('the privacy notice', () => {
  it.each([
    ['+4915112345678', `Wie wir mit Ihren Daten umgehen: ${URL}`],
    ['+33612345678', `How we handle your data: ${URL}`],
    [null, `How we handle your data: ${URL}`],
  ])('given the number %s, says %s', (phone, text) => {
    expect(privacyNoticeText(URL, phone)).toBe(text);
  });

  it('given an automatic answer, goes with it, unless both are too long for one message', () => {
    expect(withPrivacyNotice('Hallo!', 'Notice')).toBe('Hallo!\n\nNotice');
    expect(withPrivacyNotice('x'.repeat(4_088), 'Notice')).toHaveLength(4_096);
    expect(withPrivacyNotice('x'.repeat(4_089), 'Notice')).toBeUndefined();
  });
});
