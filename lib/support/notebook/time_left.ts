/** Old place of ../pace.ts; goes when nobody imports it. */
export { timeLeft } from "../pace.ts";
