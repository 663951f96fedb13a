import assert from "node:assert/strict";
import { display } from "../../lib/figures/display.ts";
import { aboutRun, markdown } from "../../lib/figures/markdown.ts";

Deno.test("Markdown is shown as it is given, and as text where a front end does not know it", () => {
  const text = "- **63.8 %** of `test`\n- *next*";
  assert.deepEqual(markdown(text)[display](), { "text/markdown": text, "text/plain": text });
  assert.deepEqual(markdown("**a**", "a")[display](), { "text/markdown": "**a**", "text/plain": "a" });
});

Deno.test("a run is described line by line, what is not real in bold, nothing else taken for Markdown", () => {
  const lines = ["SYNTHETIC stand-in data: 300 drawn images", "folder *my_photos*, SEEDED RANDOM weights"];
  assert.deepEqual(aboutRun(...lines)[display](), {
    "text/markdown": "**SYNTHETIC** stand-in data: 300 drawn images  \n" +
      "folder \\*my\\_photos\\*, **SEEDED RANDOM** weights",
    "text/plain": lines.join("\n"),
  });
});
