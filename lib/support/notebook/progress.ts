/** Old place of `progress`; goes when no notebook imports it. */
export { progress as progressLine } from "../progress.ts";
