// Sizes and refusals in the visitor's words.

type Texts = Record<string, string>;

const UNITS = ["byte", "kilobyte", "megabyte"];
const REFUSALS: Record<string, string> = {
  file_too_large: "fileTooLarge",
  too_many_files: "tooManyFiles",
  file_empty: "fileRefused",
  unsupported_file: "fileRefused",
  files_not_allowed: "fileRefused",
  rate_limited: "tooManyMessages",
};

export function size(bytes: number, locale: string | undefined): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  // Bytes have no short form that is a word.
  const unitDisplay = step ? "short" : "long";
  const how = { style: "unit", unit: UNITS[step]!, unitDisplay, maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locale, how).format(bytes / 1024 ** step);
}

export function refusal(texts: Texts, code: string, name: string): string {
  return texts[REFUSALS[code] ?? ""] ?? named(texts.uploadFailed, name);
}

export function named(text: string | undefined, name: string): string {
  return (text ?? "{name}").replace("{name}", () => name);
}
