/** With any dash, for phones make their own of it. The letters are those that contacts makes code words of. */
const CODE_WORD = /^\s*([A-HJ-NP-Z2-9]{4})\s?[-\u2010-\u2015\u2212]\s?([A-HJ-NP-Z2-9]{4})[\s.!]*$/iu;

/** The code word that a message is, if it is one and nothing else. */
export function codeWordOf(text: string | undefined): string | undefined {
  const [, one, other] = CODE_WORD.exec(text ?? '') ?? [];
  return one && other && `${one}-${other}`.toUpperCase();
}

const TEXTS = {
  de: (codeWord: string) =>
    `Bei uns wurde eine Kopie der Daten angefordert, die wir zu dieser Nummer haben. Wenn Sie das waren, antworten Sie mit diesem Codewort:\n\n${codeWord}\n\nWenn nicht, antworten Sie nicht: Dann bekommt sie niemand.`,
  en: (codeWord: string) =>
    `Somebody asked us for a copy of the data that we have about this number. If that was you, reply with this code word:\n\n${codeWord}\n\nIf not, do not reply: then nobody gets it.`,
};

export function codeWordText(codeWord: string, language: keyof typeof TEXTS): string {
  return TEXTS[language](codeWord);
}
