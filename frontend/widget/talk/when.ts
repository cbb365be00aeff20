// Moments in the visitor's words.

const DAY = 86_400_000;

/** A day: "yesterday", or a date. */
export function day(at: Date, locale: string | undefined): string {
  const passed = Math.round((midnight(new Date()) - midnight(at)) / DAY);
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (passed < 2) return relative.format(-passed, "day");
  return at.toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long" });
}

export function time(at: string | undefined): string {
  return at ? new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
}

function midnight(at: Date): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
