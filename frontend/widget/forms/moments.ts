// When somebody is there again and how long it takes, in the visitor's words and time zone.

import type { Availability } from "../messages";

type Texts = Record<string, string>;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The visitor's own way to write times, as far as it is of the language that is spoken here. */
function regional(locale: string): string {
  const base = (tag: string): string => tag.split("-")[0]!;
  return navigator.languages.find((tag) => base(tag) === base(locale)) ?? locale;
}

/** What to expect: when we are back, or else how long an answer takes; empty if nobody knows. */
export function expectation(availability: Availability, texts: Texts, locale: string): string {
  const { opensAt, usualReplySeconds } = availability;
  if (opensAt) return opening(new Date(opensAt), texts, locale);
  // Usual is what holds while somebody is there.
  if (!usualReplySeconds || availability.status !== "online") return "";
  return filled(texts.usualReply, { time: duration(usualReplySeconds, locale) });
}

/** A sentence; today's needs no day. */
function opening(at: Date, texts: Texts, locale: string): string {
  const own = regional(locale);
  const time = at.toLocaleTimeString(own, { timeStyle: "short" });
  if (at.toDateString() === new Date().toDateString()) {
    return filled(texts.closedUntilToday, { time });
  }
  const day = at.toLocaleDateString(own, { weekday: "long", day: "numeric", month: "long" });
  // A tenant's own text may have no place for the day.
  const hasDay = texts.closedUntil!.includes("{day}");
  return filled(texts.closedUntil, { day, time: hasDay ? time : `${day}, ${time}` });
}

export function duration(seconds: number, locale: string): string {
  const [size, unit] =
    seconds < HOUR ? [MINUTE, "minute"] : seconds < DAY ? [HOUR, "hour"] : [DAY, "day"];
  const style = { style: "unit", unit, unitDisplay: "long" } as const;
  const count = Math.max(1, Math.round(seconds / size));
  return new Intl.NumberFormat(regional(locale), style).format(count);
}

/** A text with its {names} filled in. */
export function filled(text: string | undefined, values: Record<string, string>): string {
  return (text ?? "").replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
