// Readable colours from whatever colour a brand has.

type Rgb = [number, number, number];

const READABLE = 4.5;
const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];
// What a person's words stand on: the hardest of the panel's backgrounds to be read on.
const RAISED: Rgb = [240, 241, 243];
const RAISED_DARK: Rgb = [43, 44, 49];

export interface Theme {
  brand: string;
  onBrand: string;
  /** The brand's colour, as far towards black or white as it takes to be readable as text. */
  accent: string;
}

export function theme(brand: string, text: string, dark: boolean): Theme {
  const color = parse(brand) ?? parse("#2563eb")!;
  const wanted = parse(text);
  const onBrand = wanted && contrast(wanted, color) >= READABLE ? wanted : readable(color);
  return { brand: css(color), onBrand: css(onBrand), accent: css(accent(color, dark)) };
}

/** Black or white, whichever is better; the worst background still leaves 4.58 to 1. */
function readable(background: Rgb): Rgb {
  return contrast(BLACK, background) > contrast(WHITE, background) ? BLACK : WHITE;
}

function accent(color: Rgb, dark: boolean): Rgb {
  const [towards, pane] = dark ? [WHITE, RAISED_DARK] : [BLACK, RAISED];
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = color.map((value, i) => value + (towards[i]! - value) * share) as Rgb;
    if (contrast(mixed, pane) >= READABLE) return mixed;
  }
  return towards;
}

function contrast(a: Rgb, b: Rgb): number {
  const [bright, dim] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (bright + 0.05) / (dim + 0.05);
}

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function parse(text: string): Rgb | undefined {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text)?.[1];
  if (!digits) return undefined;
  const size = digits.length / 3;
  return [0, 1, 2].map((i) => {
    const part = digits.slice(i * size, (i + 1) * size);
    return parseInt(part.padEnd(2, part), 16);
  }) as Rgb;
}

function css(color: Rgb): string {
  return `rgb(${color.map(Math.round).join(" ")})`;
}
