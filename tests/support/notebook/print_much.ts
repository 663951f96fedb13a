/** Run by execute_test.ts with a small heap: a cell that prints 150 MB, then one that prints a word. */
import { outputsOf, run } from "./run_cells.ts";

const executed = await run([
  `for (let i = 0; i < 150; i++) console.log(i + "x".repeat(1e6)); console.log("end")`,
  `console.log("next")`,
]);
const texts = [1, 2].map((cell) => (outputsOf(executed, cell)[0] as { text: string }).text);
const leftOut = texts[0].match(/x\n\[… (140,00)\d,\d{3} characters left out …\]\nx/)?.[1];
const text = { length: texts[0].length, start: texts[0].slice(0, 4), end: texts[0].slice(-8), leftOut };
console.log(JSON.stringify({ text, next: texts[1] }));
