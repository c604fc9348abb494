/** Countries whose people write German: by calling code. */
const GERMAN = /^\+4[139]/;

/** In which of our languages somebody reads what nobody wrote for them alone. What they wrote in themselves comes first. */
export function likelyLanguage({
  locale,
  phone,
}: {
  locale?: string | null | undefined;
  phone: string | null | undefined;
}): 'de' | 'en' {
  const language = locale?.split('-')[0] ?? (phone != null && GERMAN.test(phone) ? 'de' : 'en');
  return language === 'de' ? 'de' : 'en';
}
