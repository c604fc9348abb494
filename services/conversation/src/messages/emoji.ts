/** One emoji as people see it, with or without the variation selector that makes it colourful. */
const EMOJI = new RegExp(String.raw`^(?:\p{RGI_Emoji}|\p{Extended_Pictographic}\uFE0F?)$`, 'v');

export function isEmoji(text: string): boolean {
  return EMOJI.test(text);
}
