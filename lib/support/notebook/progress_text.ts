/** Old place of ../pace.ts; goes when nobody imports it. */
export { durationText, percentDone } from "../pace.ts";
