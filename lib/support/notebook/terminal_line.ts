/** Old place of ../terminal_line.ts; goes when nobody imports it. */
export { type TerminalLine, terminalLine } from "../terminal_line.ts";
