/** Country calling codes of one and of two digits (ITU-T E.164); all others have three. */
const SHORT_CALLING_CODE = /^(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** `+49 ••• 78`: enough to tell two people apart in a list, too little to call one of them. */
export function maskPhone(e164: string): string {
  const digits = e164.slice(1);
  const callingCode = SHORT_CALLING_CODE.exec(digits)?.[0] ?? digits.slice(0, 3);
  return `+${callingCode} ••• ${digits.slice(-2)}`;
}
