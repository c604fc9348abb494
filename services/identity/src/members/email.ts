const MAX_LENGTH = 254;
const ADDRESS = /^[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,190}$/u;

/** The form in which addresses are stored and compared; undefined for what cannot be one. */
export function normaliseEmail(text: string): string | undefined {
  const address = text.trim().toLowerCase();
  return address.length <= MAX_LENGTH && ADDRESS.test(address) ? address : undefined;
}
