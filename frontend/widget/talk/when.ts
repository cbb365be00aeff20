// Moments in the visitor's words.

const DAY = 86_400_000;

/** A day: "yesterday", or a date. */
export function day(at: Date, language: string): string {
  const locale = spoken(language);
  const passed = Math.round((midnight(new Date()) - midnight(at)) / DAY);
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (passed < 2) return relative.format(-passed, "day");
  return at.toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long" });
}

export function time(at: string | undefined, language: string): string {
  const parts = { hour: "2-digit", minute: "2-digit" } as const;
  return at ? new Date(at).toLocaleTimeString(spoken(language), parts) : "";
}

/** The visitor's own kind of a language, which knows how dates are written there. */
function spoken(language: string): string {
  const [root] = language.split("-");
  return navigator.languages.find((own) => own.split("-")[0] === root) ?? language;
}

function midnight(at: Date): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
