import { invalidInput } from '@fenster/runtime';
import { maxBytesOf } from '../media/media.limits.js';
import type { ProfileChange } from '../providers/provider.js';

/** What WhatsApp knows a business to be. */
export const BUSINESS_CATEGORIES = [
  'ALCOHOL',
  'APPAREL',
  'AUTO',
  'BEAUTY',
  'EDU',
  'ENTERTAIN',
  'EVENT_PLAN',
  'FINANCE',
  'GOVT',
  'GROCERY',
  'HEALTH',
  'HOTEL',
  'MATRIMONY_SERVICE',
  'NONPROFIT',
  'ONLINE_GAMBLING',
  'OTC_DRUGS',
  'OTHER',
  'PHYSICAL_GAMBLING',
  'PROF_SERVICES',
  'RESTAURANT',
  'RETAIL',
  'TRAVEL',
] as const;
export type BusinessCategory = (typeof BUSINESS_CATEGORIES)[number];

export const PROFILE_LIMITS = { about: 139, address: 256, description: 512, email: 128, website: 256, websites: 2 };
/** What Meta takes as the picture of a profile. It cuts to a square what is none, so that is no reason to refuse it. */
export const PICTURE_LIMITS = { mimeTypes: ['image/jpeg', 'image/png'], maxBytes: maxBytesOf('IMAGE') };

export interface ProfileInput {
  about?: string | null;
  address?: string | null;
  description?: string | null;
  email?: string | null;
  websites?: readonly string[] | null;
  category?: BusinessCategory | null;
  pictureMediaId?: string | null;
}

/** Characters of control except line ends. */
const UNSEEN = /[^\P{Cc}\n]/u;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/**
 * Those parts that are to change, as the provider takes them, but for the picture; an empty text removes what is there.
 * @throws DomainError INVALID_INPUT naming field and limit.
 */
export function checkProfile({ websites, category, pictureMediaId, ...texts }: ProfileInput): ProfileChange {
  const change: ProfileChange = {};
  for (const field of ['about', 'address', 'description', 'email'] as const) {
    const text = texts[field];
    if (text == null) continue;
    change[field] = checkText(text, field, PROFILE_LIMITS[field]);
  }
  if (change.about === '') throw invalidInput('about', 'must not be empty: WhatsApp always shows something there.');
  if (change.email && !EMAIL.test(change.email)) throw invalidInput('email', 'must be an e-mail address.');
  if (websites != null) {
    if (websites.length > PROFILE_LIMITS.websites)
      throw invalidInput('websites', `must be at most ${PROFILE_LIMITS.websites}.`);
    change.websites = websites.map((website) => {
      const text = checkText(website, 'websites', PROFILE_LIMITS.website);
      if (!isWebAddress(text)) throw invalidInput('websites', 'must begin with https:// or http://.');
      return text;
    });
  }
  if (category != null) change.category = category;
  if (Object.keys(change).length === 0 && pictureMediaId == null) {
    throw invalidInput('channelId', 'nothing is given that could change.');
  }
  return change;
}

/**
 * @param file what was uploaded under the id that was given, if that is READY.
 * @throws DomainError INVALID_INPUT for what can be no picture of a profile.
 */
export function checkPicture<F extends { mimeType: string; sizeBytes: number }>(file: F | undefined): F {
  const { mimeTypes, maxBytes } = PICTURE_LIMITS;
  if (!file || !mimeTypes.includes(file.mimeType)) {
    throw invalidInput('pictureMediaId', `must be an uploaded file that is READY: ${mimeTypes.join(' or ')}.`);
  }
  if (file.sizeBytes > maxBytes) throw invalidInput('pictureMediaId', `must have at most ${maxBytes} bytes.`);
  return file;
}

function checkText(text: string, field: string, max: number): string {
  const checked = text.normalize('NFC').trim();
  if ([...checked].length > max) throw invalidInput(field, `must have at most ${max} characters.`);
  if (UNSEEN.test(checked) || !checked.isWellFormed())
    throw invalidInput(field, 'must not contain characters that cannot be seen.');
  return checked;
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}
