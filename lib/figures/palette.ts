/**
 * The colours. The seven of the classes are Paul Tol's "bright" scheme (Colour Schemes, SRON/EPS/TN/09-002, 2021),
 * safe for colour-blind readers, its grey a step darker; the series' are from Okabe & Ito (Color Universal Design, 2008).
 */

/** One fixed colour per class, the same in every figure: melanoma red, the common nevi grey. */
export const classColors: Record<string, string> = {
  akiec: "#ccbb44",
  bcc: "#4477aa",
  bkl: "#228833",
  df: "#aa3377",
  mel: "#ee6677",
  nv: "#a3a3a3",
  vasc: "#66ccee",
};

/** For runs, optimizers or metrics in one figure, in this order. */
export const seriesColors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/** Text, quiet text, lines and surfaces. */
export const ink = {
  text: "#222222",
  quiet: "#5f5f5f",
  axis: "#8c8c8c",
  grid: "#e7e7e7",
  muted: "#c4c4c4",
  paper: "#ffffff",
  warning: "#8a1c00",
  warningPaper: "#fff1d6",
  claimedPaper: "#fbe3d6",
};

/** The same on a dark page. The colours of classes and series do not change. */
export const darkInk: typeof ink = {
  text: "#e6e8eb",
  quiet: "#a9b0b8",
  axis: "#868d96",
  grid: "#31363d",
  muted: "#5d646d",
  paper: "#16191d",
  warning: "#ffb59e",
  warningPaper: "#41210f",
  claimedPaper: "#4a2a14",
};

/** Maps a colour of the white page to that of the dark page. */
export const darkColors: Record<string, string> = Object.fromEntries(
  (Object.keys(ink) as (keyof typeof ink)[]).map((name) => [ink[name], darkInk[name]]),
);

/** White to deep blue, for shares from 0 to 1; steeper near 0, so that small shares are visible. */
export const shareScale: [number, string][] = [
  [0, "#ffffff"],
  [0.05, "#edf4fa"],
  [0.25, "#c3dcee"],
  [0.5, "#7fb3d9"],
  [0.75, "#3a82ba"],
  [1, "#0b4f8a"],
];

/** The colour of letters on a share's colour: black, or white on dark shades. Their contrast is at least 4.5. */
export function textOn(share: number): string {
  return share < 0.79 ? "#000000" : "#ffffff";
}
