/**
 * What WhatsApp calls a phone that is dialled so. In Brazil those of area codes from 31 on have no ninth digit there, and in
 * Mexico mobile phones a 1 after the country code (as `wa_id` shows it; Meta has no list of it).
 * @param digits of the number, without the plus sign
 */
export function waIdOf(digits: string): string {
  const [, area, subscriber] = /^55([3-9]\d)9(\d{8})$/.exec(digits) ?? [];
  if (area !== undefined) return `55${area}${subscriber!}`;
  return digits.replace(/^52(?=[2-9]\d{9}$)/, '521');
}
