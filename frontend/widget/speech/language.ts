// Engines of speech know languages of countries.

/** The language as the visitor's browser has it, else as it is spoken by most. */
export function withRegion(locale: string): string {
  const { language, region } = new Intl.Locale(locale);
  if (region) return locale;
  const theirs = navigator.languages.find((tag) => tag.startsWith(`${language}-`));
  if (theirs) return theirs;
  // Of the Arabic ones, Apple's engine knows this one.
  return `${language}-${language === "ar" ? "SA" : new Intl.Locale(locale).maximize().region}`;
}
