// 20-pixel line drawings, of one weight.

const PATHS = {
  inbox: "M3 11l2-7h10l2 7v5H3zM3 11h4l1 2h4l1-2h4",
  mine: "M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17c0-3 2.5-5 6-5s6 2 6 5",
  waiting: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4l3 2",
  unassigned: "M4 17c0-3 2.5-5 6-5M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM13 15h5",
  mentions: "M13 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0zm0 0v1.5a2 2 0 0 0 4 0V10a7 7 0 1 0-3 5.7",
  pending: "M7 4v12M13 4v12",
  snoozed: "M16 11.5A7 7 0 0 1 8.5 4 7 7 0 1 0 16 11.5z",
  closed: "M4 10.5l4 4 8-9",
  team: "M7 9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM2 16c0-3 2-5 5-5s5 2 5 5M13 4.5a2.5 2.5 0 0 1 0 4.5M14.5 11.5c2 .6 3.5 2.3 3.5 4.5",
  saved: "M5 3h10v14l-5-4-5 4z",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5L17 17",
  contacts: "M4 3h11v14H4zM2 7h3M2 13h3M9.5 9.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM7 14c0-1.5 1-2.5 2.5-2.5s2.5 1 2.5 2.5",
  visitors: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM3 10h14M10 3c2.5 2.5 2.5 11.5 0 14M10 3c-2.5 2.5-2.5 11.5 0 14",
  settings: "M3 6h8M15 6h2M3 14h2M9 14h8M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  back: "M16 10H4M9 5l-5 5 5 5",
  out: "M8 3H4v14h4M13 6l4 4-4 4M17 10H8",
  cross: "M5 5l10 10M15 5L5 15",
  more: "M4.5 10h.5M9.8 10h.5M15 10h.5",
  details: "M3 4h14v12H3zM12 4v12",
  clip: "M15 9l-5.5 5.5a3.2 3.2 0 0 1-4.5-4.5L11 4a2.1 2.1 0 0 1 3 3l-6 6a1 1 0 0 1-1.5-1.5L12 6",
  file: "M6 3h6l3 3v11H6zM12 3v3h3",
  lock: "M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3",
  down: "M5 8l5 5 5-5",
  keyboard: "M2 5h16v10H2zM5 8h.01M8 8h.01M11 8h.01M14 8h.01M6 12h8",
};

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
